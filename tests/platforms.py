"""The tests that cannot hold on Windows or on Tcl 9, each with the reason.

`POSIX` has those for which Windows lacks something, `WINE` those that Wine alone fails, `TCL9` those that
Tcl 9 does not allow. Each maps a file below ``tests`` to its tests, to cases of them (an id in brackets), or
to ``*`` for all. `mark` gives such tests the marker ``posix``, ``wine`` or ``tcl9``, and skips them where
they cannot hold.
"""

from __future__ import annotations

import ctypes
import sys
import tkinter
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

import pytest

Reasons: TypeAlias = Mapping[str, Mapping[str, str]]

NO_UNIX = "there are no Unix sockets in Python there"
NO_HANDLERS = "Tk has no file handlers there"
NO_LIMIT = "no setrlimit there"
PAIR_IS_TCP = "a socketpair is TCP there, with other buffers"

POSIX: Reasons = MappingProxyType({
    "loop/test_bell.py": {"test_all_low_descriptors_are_taken": "Tcl has no limit of descriptors there"},
    "loop/test_facts.py": {"*": NO_HANDLERS},
    "loop/test_loop_for.py": {
        "test_a_closed_loop_is_freed_without_the_collector[True-TkLoop]": NO_HANDLERS,
        "test_a_closed_loop_is_freed_without_the_collector[False-TkLoop]": NO_HANDLERS,
        "test_a_readiness_object_beyond_what_tk_can_watch_means_polling": NO_LIMIT,
        "test_file_handlers_are_used_where_there_are_any": NO_HANDLERS,
        "test_the_environment_forces_the_kind[filehandler-TkLoop]": NO_HANDLERS,
    },
    "loop/test_tk.py": {"*": NO_HANDLERS},
    "loop/test_waiter.py": {"test_a_number_that_has_a_new_owner_is_waited_for": "numbers are not reused"},
    "loop/test_wakeup.py": {"test_a_full_one_takes_a_call": PAIR_IS_TCP},
    "net/test_bind.py": {
        "test_a_busy_listener_is_not_replaced": NO_UNIX,
        "test_a_file_is_never_replaced": NO_UNIX,
        "test_a_unix_path": NO_UNIX,
        "test_what_a_crash_left_behind_is_replaced": NO_UNIX,
    },
    "net/test_bytequeue.py": {
        "test_a_source_is_read_a_chunk_at_a_time_and_not_before_it_can_go": PAIR_IS_TCP,
        "test_one_call_sends_all_that_the_socket_takes[True-large]": "sockets have no sendmsg there",
    },
    "net/test_connect.py": {
        "test_a_path_that_is_too_long_is_a_failed_attempt": NO_UNIX,
        "test_a_refusal_is_the_cause": "the text of the error is another",
        "test_a_unix_socket_whose_backlog_is_full_is_asked_again": NO_UNIX,
        "test_connects_to_what_listens[unix]": NO_UNIX,
        "test_such_a_wait_can_be_cancelled": NO_UNIX,
        "test_when_all_fail_all_causes_are_told": NO_UNIX,
    },
    "net/test_endpoints.py": {
        "test_a_system_without_unix_sockets_says_so": "it is such a system",
        "test_a_unix_endpoint_is_its_path": NO_UNIX,
    },
    "net/test_filesource.py": {"test_another_fault_of_sending_is_the_sockets": PAIR_IS_TCP},
    "net/test_listen.py": {
        "test_a_closed_loop_leaves_no_socket_behind": NO_UNIX,
        "test_a_path_that_is_no_longer_its_own_is_left_alone": NO_UNIX,
        "test_a_unix_path_goes_with_its_listener": NO_UNIX,
        "test_accepts[unix]": NO_UNIX,
        "test_an_abstract_name_leaves_no_file": NO_UNIX,
        "test_without_descriptors_it_rests_and_recovers": NO_LIMIT,
    },
    "net/test_socketstream.py": {
        "test_a_closed_stream_leaves_the_next_socket_of_its_number_alone": "numbers are not reused",
        "test_what_is_written_leaves_in_one_call": "sockets have no sendmsg there",
    },
})  # fmt: skip

RESETS = "a reset is told as the end of the stream"

WINE: Reasons = MappingProxyType({
    "loop/test_loop_for.py": {"test_a_thousand_loops_leave_nothing": "a loop takes 0.1 s there"},
    "net/test_bind.py": {"test_a_port_in_use_is_an_error_that_says_which": "it has no text for that error"},
    "net/test_proxytunnel.py": {"test_a_reset_is_told_with_its_cause": RESETS},
    "net/test_socketstream.py": {
        "test_a_peer_that_is_gone_from_the_start_has_no_name": RESETS,
        "test_a_reset_is_told_as_the_cause": RESETS,
        "test_a_stream_that_cannot_send_and_hears_nothing_more_is_lost": RESETS,
        "test_a_stream_that_cannot_send_says_why_when_it_is_closed": RESETS,
        "test_ending_a_connection_that_is_gone_is_told": RESETS,
        "test_large_last_words_are_read_to_the_end": RESETS,
        "test_sending_that_fails_after_the_end_of_stream_is_told_at_once": RESETS,
        "test_what_the_peer_sent_before_it_went_is_read_although_sending_fails": RESETS,
    },
    "test_leaks.py": {"test_a_thousand_connections_leave_nothing": "a connection takes 0.03 s there"},
})  # fmt: skip

NO_OTHER_THREAD = "only the main thread can have a loop there"
NO_SUCH_FACT = "its notifier has an epoll of its own"
NO_FORK = "its notifier aborts a forked child"

TCL9: Reasons = MappingProxyType({
    "loop/test_channel.py": {"test_a_program_that_does_not_close_its_loop_ends[ends]": NO_OTHER_THREAD},
    "loop/test_facts.py": {
        "test_a_call_from_another_thread": "what is not refused there cannot be tried",
        "test_a_descriptor_above_1023[bare-False]": NO_SUCH_FACT,
        "test_tcls_own_pipe_is_made_while_the_numbers_are_low[fill-False]": NO_SUCH_FACT,
    },
    "loop/test_fork.py": {"test_tks_loop_in_the_child_serves_nothing_and_comes_to_rest": NO_FORK},
    "loop/test_loop_for.py": {
        "test_the_end_of_the_program_closes_the_loops_of_its_thread": NO_OTHER_THREAD,
        "test_the_end_of_the_program_is_silent": NO_OTHER_THREAD,
    },
    "loop/test_signals.py": {
        "test_a_loop_in_another_thread_leaves_signals_alone": NO_OTHER_THREAD,
        "test_the_child_of_a_fork_writes_no_signals_to_its_parent": NO_FORK,
    },
})  # fmt: skip

LISTS: Mapping[str, Reasons] = MappingProxyType({"posix": POSIX, "wine": WINE, "tcl9": TCL9})


def is_wine() -> bool:
    """Whether this Windows is Wine."""
    if sys.platform != "win32":
        return False
    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


def reason_for(nodeid: str, reasons: Reasons) -> str | None:
    """The reason why a test is in a list, or None if it is not."""
    where, bracket, case = nodeid.partition("[")
    path, _, test = where.replace("\\", "/").removeprefix("tests/").partition("::")
    name = test.rpartition("::")[2]
    listed = reasons.get(path, {})
    return next((listed[key] for key in (name + bracket + case, name, "*") if key in listed), None)


def mark(items: list[pytest.Item]) -> None:
    """Mark what is listed, and skip it where it cannot hold."""
    absent = {"posix": sys.platform == "win32", "wine": is_wine(), "tcl9": tkinter.TclVersion >= 9}
    for item in items:
        for name, reasons in LISTS.items():
            reason = reason_for(item.nodeid, reasons)
            if reason is not None:
                item.add_marker(name)
                if absent[name]:
                    item.add_marker(pytest.mark.skip(reason=reason))
