"""`basic_auth` and `bearer_auth`: who is let in, what the others are told, and what a program may answer."""

from __future__ import annotations

import base64
import re
from concurrent.futures import Future

import pytest

import tkws
import tkws.aio
from tests.peers import Log
from tkws.http.headers import Headers


def basic(text: str | bytes, scheme: str = "Basic") -> str:
    data = text.encode() if isinstance(text, str) else text
    return f"{scheme} {base64.b64encode(data).decode()}"


def judge(check, *authorizations: str):
    """What a check says about a request with these Authorization fields."""
    fields = [("Authorization", value.encode().decode("latin-1")) for value in authorizations]
    return check(tkws.Request("GET", "/", Headers(fields)))


def challenge(verdict) -> str:
    assert isinstance(verdict, tkws.Response)
    assert verdict.status == 401
    return verdict.headers["WWW-Authenticate"]


USERS = {"ada": "secret", "zoë": "pässword", "colon": "a:b"}


@pytest.mark.parametrize(
    ("authorization", "user"),
    [
        (basic("ada:secret"), "ada"),
        (basic("ada:secret", "bAsIc"), "ada"),
        (basic("zoë:pässword"), "zoë"),
        (basic("zoë:pässword".encode("latin-1")), "zoë"),
        (basic("colon:a:b"), "colon"),
    ],
)
def test_a_user_with_the_right_password(authorization, user):
    admit = judge(tkws.basic_auth(USERS), authorization)
    assert isinstance(admit, tkws.Admit)
    assert admit.data == user


@pytest.mark.parametrize(
    "authorizations",
    [
        (),
        ("",),
        ("Basic",),
        ("Basic ",),
        ("Basic !!!",),
        ("Basic YWRhOnNlY3JldA",),  # without its padding
        (basic("ada"),),
        (basic("ada:"),),
        (basic("ada:Secret"),),
        (basic("ada:secret "),),
        (basic("ADA:secret"),),
        (basic("bob:"),),
        (basic(":secret"),),
        (basic("ada:secret", "Bearer"),),
        (basic("ada:secret")[6:],),
        (basic("ada:secret"), basic("ada:secret")),
    ],
)
def test_any_other_is_refused(authorizations):
    verdict = judge(tkws.basic_auth(USERS, realm='the "chat"\\'), *authorizations)
    assert challenge(verdict) == r'Basic realm="the \"chat\"\\", charset="UTF-8"'


def test_a_password_that_changes_counts_at_once():
    users = dict(USERS)
    check = tkws.basic_auth(users)
    users["ada"] = "new"
    assert challenge(judge(check, basic("ada:secret")))
    assert judge(check, basic("ada:new")).data == "ada"


TOKENS = ["one", "two", "drëi"]


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [list, tuple, set, frozenset])
@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Bearer  "])
def test_a_token(kind, token, scheme):
    admit = judge(tkws.bearer_auth(kind(TOKENS)), f"{scheme} {token}")
    assert isinstance(admit, tkws.Admit)
    assert admit.data == token


@pytest.mark.parametrize("value", ["ada", 0, "", None, [], False])
def test_the_value_of_a_token_is_the_data_whatever_it_is(value):
    admit = judge(tkws.bearer_auth({"one": value}), "Bearer one")
    assert isinstance(admit, tkws.Admit)
    assert admit.data is value


@pytest.mark.parametrize(
    ("authorizations", "error"),
    [
        ((), False),
        (("",), False),
        (("Bearer",), False),
        (("Bearer ",), False),
        (("Basic one",), False),
        (("one",), False),
        (("Bearer one", "Bearer one"), False),
        (("Bearer ONE",), True),
        (("Bearer on",), True),
        (("Bearer one two",), True),
        (("Bearer onetwo",), True),
    ],
)
def test_any_other_token_is_refused(authorizations, error):
    verdict = judge(tkws.bearer_auth(TOKENS, realm="feed"), *authorizations)
    assert challenge(verdict) == 'Bearer realm="feed"' + ', error="invalid_token"' * error


@pytest.mark.parametrize("way", ["at once", "future", "await"])
@pytest.mark.parametrize(
    ("answer", "data"),
    [(True, "name"), ("user 7", "user 7"), (7, 7), (tkws.Admit("x", protocol="v1"), "x")],
    ids=["True", "str", "int", "Admit"],
)
@pytest.mark.parametrize("kind", ["basic", "bearer"])
def test_a_callable_that_knows_the_client(way, answer, data, kind):
    check, authorization, asked = callable_check(kind, way, lambda: answer)
    admit = result(judge(check, authorization))
    assert isinstance(admit, tkws.Admit)
    assert (admit.data, asked) == (data, [("name", "word")] if kind == "basic" else [("name",)])


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["at once", "future", "await"])
@pytest.mark.parametrize("answer", [False, None, "", 0, [], ()])
@pytest.mark.parametrize("kind", ["basic", "bearer"])
def test_a_callable_that_does_not(way, answer, kind):
    check, authorization, _ = callable_check(kind, way, lambda: answer)
    assert challenge(result(judge(check, authorization))).startswith(kind.title())


@pytest.mark.parametrize("way", ["at once", "future", "await"])
@pytest.mark.parametrize("kind", ["basic", "bearer"])
def test_a_callable_may_answer_for_itself_or_raise(way, kind):
    gone = tkws.Response(410)
    check, authorization, _ = callable_check(kind, way, lambda: gone)
    assert result(judge(check, authorization)) is gone
    check, authorization, _ = callable_check(kind, way, lambda: {}["missing"])
    with pytest.raises(KeyError, match="missing"):
        result(judge(check, authorization))


def callable_check(kind, way, answer):
    asked = []

    def ask(*credentials):
        asked.append(credentials)
        if way == "at once":
            return answer()
        future: Future[object] = Future()
        try:
            future.set_result(answer())
        except Exception as error:
            future.set_exception(error)
        return future

    async def ask_async(*credentials):
        asked.append(credentials)
        return answer()

    ask = ask_async if way == "await" else ask
    if kind == "basic":
        return tkws.basic_auth(ask), basic("name:word"), asked
    return tkws.bearer_auth(ask), "Bearer name", asked


def result(verdict):
    """What a verdict is, or will be."""
    if isinstance(verdict, Future):
        return verdict.result(0)
    if hasattr(verdict, "send"):
        try:
            verdict.send(None)
        except StopIteration as stop:
            return stop.value
    return verdict


def test_a_future_that_is_not_needed_is_cancelled_through():
    inner: Future[object] = Future()
    outer = judge(tkws.bearer_auth(lambda token: inner), "Bearer x")
    outer.cancel()
    assert inner.cancelled()
    inner = Future()
    outer = judge(tkws.bearer_auth(lambda token: inner), "Bearer x")
    inner.cancel()
    assert outer.cancelled()
    inner = Future()
    inner.set_running_or_notify_cancel()
    outer = judge(tkws.bearer_auth(lambda token: inner), "Bearer x")
    outer.cancel()
    inner.set_result(True)
    assert outer.cancelled()


@pytest.mark.parametrize("way", ["at once", "future", "await"])
def test_on_a_server(root, pump_until, way):
    log, heard = Log(), Log()
    check, authorization, _ = callable_check("bearer", way, lambda: "ada")
    server = tkws.serve(master=root, handler=log)
    server.admit(check)
    refused = tkws.open(server.url, heard, master=root)
    pump_until(lambda: heard.over)
    assert heard.one("error").status == 401
    assert refused.state is tkws.State.CLOSED
    ws = tkws.open(server.url, Log(), master=root, headers={"Authorization": authorization})
    pump_until(lambda: log.open)
    assert log.ws.data == "ada"
    ws.close()
    pump_until(lambda: log.over and not tkws.find())


def test_a_check_of_ones_own_may_ask_it(root, pump_until):
    log, heard = Log(), Log()
    auth = tkws.basic_auth({"ada": "secret"})
    server = tkws.serve(master=root, handler=log)

    @server.admit
    async def check(request):
        return True if request.path == "/public" else auth(request)

    ws = tkws.open(server.url + "public", log, master=root)
    tkws.open(server.url, heard, master=root)
    pump_until(lambda: log.types.count("connect") == 2 and heard.over)
    assert heard.one("error").status == 401
    ws.close()
    pump_until(lambda: log.types.count("disconnect") == 2)


@pytest.mark.parametrize(
    ("make", "check", "error", "shown"),
    [
        (tkws.basic_auth, {1: "x"}, TypeError, "check: each user a str, not int"),
        (tkws.basic_auth, {"x": None}, TypeError, "check: each password a str, not NoneType"),
        (tkws.basic_auth, {"x": ""}, ValueError, "check: .* for 'x'"),
        (tkws.basic_auth, {"x:y": "z"}, ValueError, "check: .* for 'x:y'"),
        (tkws.basic_auth, ["x"], TypeError, "check: a mapping of user to password or .*, not list"),
        (tkws.bearer_auth, ["x", 1], TypeError, "check: each token a str, not int"),
        (tkws.bearer_auth, {"": "ada"}, ValueError, "check: each token of one character or more"),
        (tkws.bearer_auth, "token", TypeError, "check: a mapping, a collection of tokens or .*, not str"),
        (tkws.bearer_auth, b"token", TypeError, "check: .*, not bytes"),
        (tkws.bearer_auth, None, TypeError, "check: .*, not NoneType"),
    ],
)
def test_a_check_that_is_none(make, check, error, shown):
    with pytest.raises(error, match=f"^{shown}"):
        make(check)


@pytest.mark.parametrize("make", [tkws.basic_auth, tkws.bearer_auth])
def test_other_arguments(make, monkeypatch):
    with pytest.raises(ValueError, match="^realm: "):
        make({"a": "b"}, realm="a\nb")
    with pytest.raises(ValueError, match="^realm: "):
        make({"a": "b"}, realm="Zoë")

    async def check(*credentials):
        """Not run."""

    make(check)
    monkeypatch.setattr("tkws.asynchandlers._wrap", None)
    with pytest.raises(TypeError, match=re.escape("check: import tkws.aio")):
        make(check)
