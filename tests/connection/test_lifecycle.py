"""The table of a life: each input in each phase, and what must be true of all of them."""

from __future__ import annotations

import itertools

import pytest

from tkws.connection.lifecycle import Effect, Input, Phase, Transition, plan

OWNING = {Phase.ATTEMPTING, Phase.OPEN, Phase.CLOSING, Phase.DECIDING, Phase.WAITING}
BEGINNING = {
    Effect.BEGIN_ATTEMPT: Phase.ATTEMPTING,
    Effect.ADOPT_STREAM: Phase.OPEN,
    Effect.ASK_RETRY_POLICY: Phase.DECIDING,
    Effect.START_RETRY_TIMER: Phase.WAITING,
}
QUEUING = {effect for effect in Effect if effect.name.startswith("QUEUE_")}

# What each input leads to, by the phase; what is not here changes nothing.
NEXT = {
    Input.START: {Phase.IDLE: Phase.ATTEMPTING},
    Input.OPENED: {
        Phase.IDLE: Phase.OPEN, Phase.UNWANTED: Phase.CLOSING, Phase.ATTEMPTING: Phase.OPEN,
    },
    Input.FAILED: {Phase.ATTEMPTING: Phase.ENDED},
    Input.LOST: {Phase.OPEN: Phase.ENDED, Phase.CLOSING: Phase.ENDED},
    Input.CLOSE: {
        Phase.IDLE: Phase.UNWANTED, Phase.ATTEMPTING: Phase.ENDED, Phase.OPEN: Phase.CLOSING,
        Phase.DECIDING: Phase.ENDED, Phase.WAITING: Phase.ENDED,
    },
    Input.RETRY: {Phase.DECIDING: Phase.WAITING},
    Input.GIVE_UP: {Phase.DECIDING: Phase.ENDED},
    Input.DUE: {Phase.WAITING: Phase.ATTEMPTING},
    Input.DESTROY: dict.fromkeys(Phase, Phase.ENDED),
}  # fmt: skip
WITH_RETRIES = {(Phase.ATTEMPTING, Input.FAILED): Phase.DECIDING, (Phase.OPEN, Input.LOST): Phase.DECIDING}

EVERY = [
    pytest.param(phase, given, retries, id=f"{phase.name} {given.name}{' with a rule' * retries}")
    for phase, given, retries in itertools.product(Phase, Input, (False, True))
]


@pytest.mark.parametrize(("phase", "given", "retries"), EVERY)
def test_every_input_in_every_phase(phase, given, retries):
    transition = plan(phase, given, retries=retries)
    expected = NEXT[given].get(phase, phase)
    if retries:
        expected = WITH_RETRIES.get((phase, given), expected)
    assert transition.phase is expected
    if given not in (Input.OPENED, Input.DESTROY) and phase not in NEXT[given]:
        assert transition == Transition(phase)


@pytest.mark.thorough
@pytest.mark.parametrize(("phase", "given", "retries"), EVERY)
def test_a_stream_that_comes_is_taken_or_dropped(phase, given, retries):
    effects = plan(phase, given, retries=retries).effects
    streams = [effect for effect in effects if effect in (Effect.ADOPT_STREAM, Effect.DISCARD_STREAM)]
    assert len(streams) == (given is Input.OPENED)


@pytest.mark.thorough
@pytest.mark.parametrize(("phase", "given", "retries"), EVERY)
def test_a_phase_is_left_with_nothing_of_its_own_and_entered_with_one_thing(phase, given, retries):
    transition = plan(phase, given, retries=retries)
    begun = [BEGINNING[effect] for effect in transition.effects if effect in BEGINNING]
    if transition.phase is phase or (phase, transition.phase) == (Phase.OPEN, Phase.CLOSING):
        assert not begun
        return
    if transition.phase in OWNING:
        assert len(begun) == 1
        if transition.phase is not Phase.CLOSING:
            assert begun == [transition.phase]
    # What the phase owned has ended by itself, or is cancelled before the next begins.
    ended_alone = given in (Input.OPENED, Input.FAILED, Input.LOST, Input.RETRY, Input.GIVE_UP)
    if phase in OWNING and not ended_alone:
        effects = list(transition.effects)
        assert Effect.CANCEL in effects
        assert all(
            effects.index(Effect.CANCEL) < effects.index(each) for each in effects if each in BEGINNING
        )


@pytest.mark.thorough
@pytest.mark.parametrize(("phase", "given", "retries"), EVERY)
def test_an_end_leaves_once_and_tells_one_disconnect_unless_nobody_listens(phase, given, retries):
    transition = plan(phase, given, retries=retries)
    effects = transition.effects
    ends = transition.phase is Phase.ENDED and phase is not Phase.ENDED
    assert effects.count(Effect.UNREGISTER) == ends
    told = [effect for effect in effects if effect in QUEUING]
    if given is Input.DESTROY:
        assert not told
        assert effects[0] is Effect.SILENCE
    elif ends:
        assert told[-1] in (Effect.QUEUE_DISCONNECT, Effect.QUEUE_CLOSED_UNOPENED)
        assert effects.index(Effect.UNREGISTER) > effects.index(told[-1])
    assert (Effect.QUEUE_RETRY in effects) is (
        transition.phase is Phase.WAITING and phase is not Phase.WAITING
    )
    assert effects.count(Effect.QUEUE_DISCONNECT) + effects.count(Effect.QUEUE_CLOSED_UNOPENED) == (
        given is not Input.DESTROY and (ends or given is Input.RETRY) and bool(effects)
    )


def test_nothing_leads_out_of_the_end():
    for given, retries in itertools.product(Input, (False, True)):
        assert plan(Phase.ENDED, given, retries=retries).phase is Phase.ENDED


def test_an_end_is_always_within_reach():
    for phase, retries in itertools.product(Phase, (False, True)):
        if phase is not Phase.ENDED:
            assert plan(phase, Input.DESTROY, retries=retries).phase is Phase.ENDED
        closed = plan(phase, Input.CLOSE, retries=retries).phase
        assert closed in (Phase.UNWANTED, Phase.CLOSING, Phase.ENDED)
        for given in set(Input) - {Input.DESTROY}:  # and a program that has closed stays closed
            assert plan(closed, given, retries=retries).phase in (Phase.UNWANTED, Phase.CLOSING, Phase.ENDED)
