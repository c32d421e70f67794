"""Lines are noted at once, and the handlers of `logging`, which may do anything, are called later."""

from __future__ import annotations

import logging
import pickle
import threading
import time

import pytest

from tests.logrecorder import LogRecorder
from tkws.loop import Loop
from tkws.loop.base import CLOSING_ROUNDS
from tkws.loop.logs import Log

NAME = "tkws.test"


@pytest.fixture
def handler(record_log) -> LogRecorder:
    """A handler of the logger of the tests, at the level debug."""
    return record_log(NAME)


@pytest.fixture
def log(loop: Loop, handler: LogRecorder) -> Log:
    return Log(loop, NAME, "0badcafe")


def test_handlers_are_called_from_the_loop_and_in_order(log, handler, pump_until) -> None:
    log.debug("one")
    log.info("two %s", 2)
    log.warning("three %d%%", 3)
    assert not handler.records
    pump_until(lambda: len(handler.records) == 3)
    assert handler.messages == ["[0badcafe] one", "[0badcafe] two 2", "[0badcafe] three 3%"]
    assert [record.levelname for record in handler.records] == ["DEBUG", "INFO", "WARNING"]


def test_a_record_has_the_time_and_the_place_of_the_call(log, handler, pump_until) -> None:
    before = time.time()
    log.info("here")
    after = time.time()
    while time.time() < after + 0.002:
        pass
    pump_until(lambda: handler.records)
    [record] = handler.records
    assert before <= record.created <= after
    assert record.msecs == pytest.approx(record.created % 1 * 1000)
    assert record.relativeCreated == pytest.approx((record.created - _started_at()) * 1000, abs=1)
    assert (record.filename, record.funcName) == (
        "test_logs.py",
        "test_a_record_has_the_time_and_the_place_of_the_call",
    )
    assert record.name == NAME
    assert record.connection_id == "0badcafe"


def _started_at() -> float:
    now = logging.makeLogRecord({})
    return now.created - now.relativeCreated / 1000


def test_a_log_without_an_id_has_plain_lines(loop, handler, pump_until) -> None:
    Log(loop, NAME).info("100%")
    pump_until(lambda: handler.records)
    assert handler.messages == ["100%"]
    assert handler.records[0].connection_id == ""


def test_no_record_is_made_below_the_level(loop, log, handler, monkeypatch, pump_until) -> None:
    def fail(*args: object, **options: object) -> None:
        raise AssertionError("a record was made")

    handler.act = lambda record: None
    logging.getLogger(NAME).setLevel(logging.ERROR)
    monkeypatch.setattr(logging.Logger, "makeRecord", fail)
    monkeypatch.setattr(logging.Logger, "findCaller", fail)
    log.debug("no")
    log.info("no")
    log.warning("no")
    assert not log.debugging
    done: list[bool] = []
    loop.call_soon(done.append, True)
    pump_until(lambda: done)


def test_a_handler_that_runs_the_loop_is_not_called_inside_itself(loop, log, handler, pump_until) -> None:
    inside: list[int] = []

    def act(record: logging.LogRecord) -> None:
        assert not inside
        inside.append(1)
        done: list[bool] = []
        log.info("while %s was handled", record.getMessage()[-3:]) if len(handler.records) < 3 else None
        loop.call_soon(done.append, True)
        pump_until(lambda: done)
        inside.pop()

    handler.act = act
    log.info("one")
    log.info("two")
    pump_until(lambda: len(handler.records) == 4)
    assert [line[11:] for line in handler.messages] == [
        "one", "two", "while one was handled", "while two was handled",
    ]  # fmt: skip


def test_a_handler_that_raises_is_reported_and_others_are_called(
    log, handler, pump_until, callback_errors
) -> None:
    def act(record: logging.LogRecord) -> None:
        if len(handler.records) == 1:
            raise LookupError("of a logging handler")

    handler.act = act
    log.info("one")
    log.info("two")
    pump_until(lambda: len(handler.records) == 2)
    assert [type(error) for error in callback_errors] == [LookupError]
    callback_errors.clear()


def test_a_handler_that_exits_leaves_the_rest_for_later(root, log, handler, pump_until) -> None:
    def act(record: logging.LogRecord) -> None:
        if len(handler.records) == 1:
            raise SystemExit

    handler.act = act
    log.info("one")
    log.info("two")
    with pytest.raises(SystemExit):
        pump_until(lambda: len(handler.records) == 2)
    pump_until(lambda: len(handler.records) == 2)


def test_a_handler_that_logs_for_ever_lets_the_loop_go_on(loop, log, handler, pump_until) -> None:
    handler.act = lambda record: log.info("again") if not done or len(handler.records) < 3 else None
    log.info("once")
    done: list[bool] = []
    loop.call_later(0.02, done.append, True)
    pump_until(lambda: done and len(handler.records) > 1)


def test_lines_beyond_a_bound_are_dropped_and_counted(loop, log, handler, pump_until) -> None:
    loop.logs.max_waiting = 10
    for number in range(15):
        log.info("%d", number)
    pump_until(lambda: len(handler.records) == 11)
    assert handler.messages[0] == "[0badcafe] 0"
    assert handler.messages[1] == "5 lines of the log were dropped while a logging handler ran"
    assert handler.messages[-1] == "[0badcafe] 9"


def test_lines_of_another_thread_are_handled_in_it(log, handler) -> None:
    def call() -> None:
        log.info("from a thread")

    thread = threading.Thread(target=call, name="other")
    thread.start()
    thread.join()
    [record] = handler.records
    assert record.threadName == "other"


def test_a_handler_that_raises_in_another_thread_raises_there(loop, log, handler) -> None:
    def act(record: logging.LogRecord) -> None:
        raise LookupError("of a logging handler")

    handler.act = act
    raised: list[BaseException] = []

    def call() -> None:
        try:
            log.info("from a thread")
        except LookupError as error:
            raised.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert [str(error) for error in raised] == ["of a logging handler"]


def test_a_handler_that_always_raises_does_not_end_mainloop(
    root, log, handler, pump_until, expected_log
) -> None:
    """Not even if the report raises too, which is logged and raises again."""
    handler.act = root.report_callback_exception = lambda *_: 1 / 0
    logging.getLogger("tkws").addHandler(handler)
    try:
        log.info("one")
        log.info("two")
        pump_until(lambda: "[0badcafe] two" in handler.messages)
    finally:
        logging.getLogger("tkws").removeHandler(handler)
    assert "report_callback_exception raised" in handler.messages


def test_lines_logged_by_the_last_calls_of_a_closing_loop_are_handled(loop, log, handler) -> None:
    def note(rest: int) -> None:
        log.info("%d to come", rest)
        if rest:
            loop.call_soon(note, rest - 1)

    loop.on_close(lambda: loop.call_soon(note, CLOSING_ROUNDS - 1))
    loop.close()
    assert len(handler.messages) == CLOSING_ROUNDS


def test_lines_logged_while_the_loop_closes_are_handled(loop, log, handler) -> None:
    log.info("before")
    loop.on_close(lambda: log.info("while"))
    loop.close()
    log.info("after")
    assert [line[11:] for line in handler.messages] == ["before", "while", "after"]


def test_a_change_of_level_is_noticed_by_whatever_means(loop, log, handler, pump_until) -> None:
    told: list[bool] = []
    loop.logs.on_level_change = lambda: told.append(log.debugging)

    def wait() -> None:
        """Wait for a new slice."""
        done: list[bool] = []
        loop.call_later(0.006, done.append, True)
        pump_until(lambda: done)

    wait()
    assert told == []
    logging.getLogger("tkws").setLevel(logging.INFO)
    logging.getLogger(NAME).setLevel(logging.NOTSET)
    try:
        wait()
        assert told == [False]
        logging.getLogger("tkws").setLevel(logging.DEBUG)
        wait()
        assert told == [False, True]
        logging.disable(logging.INFO)
        wait()
        assert told == [False, True, False]
    finally:
        logging.disable(logging.NOTSET)
        logging.getLogger("tkws").setLevel(logging.NOTSET)


def test_a_record_can_be_sent_to_another_process(log, handler, pump_until) -> None:
    log.info("%s", 1)
    pump_until(lambda: handler.records)
    again = pickle.loads(pickle.dumps(handler.records[0].__dict__))
    assert logging.makeLogRecord(again).getMessage() == "[0badcafe] 1"
