"""Digest authentication: the examples of RFC 7616, other clients' answers, and challenges of every shape."""

from __future__ import annotations

import re
import time

import httpx
import pytest
import requests
from requests.auth import HTTPDigestAuth

from tkws.http.digest import digest_authorization, digest_challenge, is_stale, parse_challenges
from tkws.http.headers import Headers

FIELD = "WWW-Authenticate"
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"


def answer(
    challenge: str, username: str = "ann", password: str | None = "p", **request: str
) -> dict[str, str]:
    """The parameters of the answer to a challenge."""
    found = digest_challenge(Headers([(FIELD, challenge)]), FIELD)
    assert found is not None
    request = {"method": "GET", "target": "/feed?a=1", "cnonce": "0a4f113b", **request}
    value = digest_authorization(found, username, password, **request)
    Headers([("Authorization", value)])  # can be sent
    [(scheme, parameters)] = parse_challenges([value])
    assert scheme == "Digest"
    return parameters


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616(algorithm, response):
    said = answer(
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        f'nonce="{NONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
        "Mufasa",
        "Circle of Life",
        target="/dir/index.html",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert said == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "algorithm": algorithm,
        "nonce": NONCE,
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "qop": "auth",
        "response": response,
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }


def by_requests(challenge: str, target: str) -> str:
    auth = HTTPDigestAuth("ann", "p:\xe4")
    auth.init_per_thread_state()
    auth._thread_local.chal = requests.utils.parse_dict_header(challenge.removeprefix("Digest "))
    return auth.build_digest_header("GET", f"http://localhost{target}") or ""


def by_httpx(challenge: str, target: str) -> str:
    request = httpx.Request("GET", f"http://localhost{target}")
    flow = httpx.DigestAuth("ann", "p:\xe4").auth_flow(request)
    next(flow)
    refusal = httpx.Response(401, headers={"www-authenticate": challenge}, request=request)
    return flow.send(refusal).headers["Authorization"]


@pytest.mark.parametrize("other", [by_requests, by_httpx])
@pytest.mark.parametrize("algorithm", ["", "MD5", "MD5-SESS", "SHA-256", "SHA-256-SESS"])
@pytest.mark.parametrize("qop", ["", "auth", "auth,auth-int"])
def test_other_clients_answer_alike(other, algorithm, qop):
    if other is by_requests and algorithm == "SHA-256-SESS":
        pytest.skip("requests does not know it")
    challenge = f'Digest realm="a room", nonce="{NONCE}"'
    challenge += f", algorithm={algorithm}" * bool(algorithm) + f', qop="{qop}"' * bool(qop)
    if not qop and algorithm.endswith("SESS"):
        pytest.skip("each of them has another nonce then, or none")
    [(_, theirs)] = parse_challenges([other(challenge, "/feed?a=1")])
    ours = answer(challenge, password="p:\xe4", cnonce=theirs.get("cnonce", "0a4f113b"))
    assert ours["response"] == theirs["response"]
    assert ours.keys() - {"algorithm", "cnonce"} == theirs.keys() - {"algorithm", "cnonce"}


def test_a_body_is_protected_where_nothing_else_is_offered():
    with_body = answer(f'Digest realm="r", nonce="{NONCE}", qop="auth-int"')
    without = answer(f'Digest realm="r", nonce="{NONCE}", qop=auth')
    assert (with_body["qop"], without["qop"]) == ("auth-int", "auth")
    assert with_body["response"] != without["response"]


@pytest.mark.parametrize(
    "username", ["Jäsøn Doe", 'a"b\\c', "tab\there", "line\nbreak", "\ud800", "", "a'b%c"]
)
def test_any_user_can_be_sent(username):
    said = answer(f'Digest realm="r", nonce="{NONCE}", qop=auth', username)
    assert ("username" in said) != ("username*" in said)
    if "username" in said:
        assert said["username"] == username
    hashed = answer(f'Digest realm="r", nonce="{NONCE}", qop=auth, userhash=TRUE', username)
    assert re.fullmatch("[0-9a-f]{32}", hashed["username"])
    assert hashed["userhash"] == "true"
    assert hashed["response"] == said["response"]


def test_quotes_in_the_realm_come_back_as_they_were():
    said = answer(r'Digest realm="a \"b\" \\c \xe4, d", nonce="n\"", qop=auth'.replace(r"\xe4", "\xe4"))
    assert said["realm"] == 'a "b" \\c \xe4, d'
    assert said["nonce"] == 'n"'


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Digest",
        "digest ",
        'Basic realm="r"',
        'Digest realm="r"',
        'Digest nonce="n"',
        'Digest realm="r", nonce="n", algorithm=SHA-512',
        'Digest realm="r", nonce="n", algorithm=""',
        'Digest realm="r", nonce="n", algorithm=-sess',
        'Digest realm="r", nonce="n", qop="confidential"',
        'Digest realm="r", nonce="n", qop=""',
        'Digest realm="r", nonce="n',
        'realm="r", nonce="n"',
        "Negotiate abc==",
        '=,"',
        ",,,,",
        'Bearer realm="Digest", nonce="n"',
    ],
)
def test_what_cannot_be_answered(challenge):
    assert digest_challenge(Headers([(FIELD, challenge)]), FIELD) is None
    assert digest_challenge(Headers(), FIELD) is None


@pytest.mark.parametrize(
    "values",
    [
        ['Basic realm="a, Digest b", Digest realm="r", nonce="n", qop=auth'],
        ['NTLM, Negotiate abc==, dIGEST REALM="r" , NONCE = "n",qop=auth'],
        ['Digest realm="x", nonce="y", algorithm=SHA-999', 'Digest realm=r,nonce=n,qop=auth,realm="later"'],
        [',, Digest\trealm="r",\tnonce="n", unknown="\xff", qop="auth"'],
    ],
)
def test_one_among_others_is_found(values):
    headers = Headers([(FIELD, value) for value in values])
    challenge = digest_challenge(headers, FIELD)
    assert challenge is not None
    assert (challenge.parameters["realm"], challenge.parameters["nonce"]) == ("r", "n")


@pytest.mark.parametrize(
    ("said", "stale"), [("stale=true", True), ('stale="TRUE"', True), ("stale=false", False), ("a=b", False)]
)
def test_whether_a_nonce_was_too_old(said, stale):
    [challenge] = parse_challenges([f'Digest realm="r", nonce="n", {said}'])
    assert is_stale(challenge) is stale


@pytest.mark.parametrize("hostile", ['a="' * 20000, "a" * 60000, '"\\' * 30000, "a=" * 30000, "," * 60000])
def test_a_long_challenge_takes_no_time_to_read(hostile):
    began = time.process_time()
    parse_challenges([f"Digest {hostile}"])
    assert time.process_time() - began < 5
