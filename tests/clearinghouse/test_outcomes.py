"""Does every ending of an attempt mean what docs/outcomes.md says? Played against the whole gateway."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from claimgw.clearinghouse.delivery.outcomes import MEANING, Outcome
from claimgw.insurers.sandbox import answers
from claimgw.insurers.sandbox.reading import read as read_request
from claimgw.store.records import State
from tests.clearinghouse import outcomes_page
from tests.clearinghouse.scene import playing
from tests.clearinghouse.spoken import (
    CLAIM,
    Play,
    acknowledging,
    bare_refusal,
    complete,
    deferred,
    fresh,
    hanging_up,
    in_session,
    resetting,
    says,
    silence,
)
from tests.clearinghouse.story import follow
from tests.gateway import resource
from tests.insurers.peers import Talk, chunked

# Long enough for an insurer that answers at once, also where the tests of two processes share two cores.
QUICK = {"answer_seconds": 1.0, "connect_seconds": 1.0}


def test_the_page_shows_the_table_of_the_code() -> None:
    page = outcomes_page.PAGE.read_text()
    assert page == outcomes_page.rendered(page)
    assert set(MEANING) == set(Outcome)


def test_the_page_explains_every_state() -> None:
    states = outcomes_page.PAGE.read_text().partition("## States of an exchange")[2]
    assert {line.split("`")[1] for line in states.splitlines() if line.startswith("| `")} == set(State)


# The answers of one insurer, in turn


def other_request(raw: bytes) -> bytes:
    request = read_request(raw)
    return in_session(raw).replace(request.header_id.encode(), b"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")


def other_claim(raw: bytes) -> bytes:
    return in_session(raw).replace(json.dumps(read_request(raw).identifier["value"]).encode(), b'"CLM-OTHER"')


def edited(**elements: Any) -> Callable[[bytes], bytes]:
    """A sound answer, with elements of its ClaimResponse changed; None takes one away."""

    def answering(raw: bytes) -> bytes:
        tree = json.loads(in_session(raw))
        response = resource(tree, "ClaimResponse")
        response.update(elements)
        for name in [name for name, value in elements.items() if value is None]:
            del response[name]
        return json.dumps(tree).encode()

    return answering


def unasked(raw: bytes) -> bytes:
    """A late message given in the session: it answers nothing there (BV-00247)."""
    return deferred(raw)


def of_code(code: str) -> Callable[[bytes], bytes]:
    """An acknowledgement that says so."""
    return lambda raw: acknowledging(raw).replace(b'"code":"ok"', f'"code":"{code}"'.encode())


def fatal(raw: bytes) -> bytes:
    return acknowledging(raw, answers.DECLINED)


def huge(raw: bytes) -> bytes:
    return answers.padded(in_session(raw), 10 * 1024 * 1024 + 1)


async def in_chunks(talk: Talk, raw: bytes) -> bytes:
    said = in_session(raw)
    await talk.send(chunked(said, 100))
    return said


PLAYS: dict[str, tuple[Play, Outcome]] = {
    "reset": (resetting, Outcome.RESET),
    "silence": (silence, Outcome.SILENT),
    "read all and closed": (hanging_up, Outcome.CLOSED),
    "404": (says(b"", "404 Not Found"), Outcome.MISCONFIGURED),
    "302": (says(b"", "302 Found", "Location: http://127.0.0.1:1/"), Outcome.MISCONFIGURED),
    "429": (says(b"", "429 Too Many Requests"), Outcome.BUSY),
    "transient-error": (says(of_code("transient-error")), Outcome.TRANSIENT),
    "500": (says(b"", "500 No"), Outcome.SERVER_ERROR),
    "not JSON": (says(b"<html>", content_type="text/html"), Outcome.NOT_A_MESSAGE),
    "JSON, no message": (says(b'{"resourceType":"Patient"}'), Outcome.NOT_A_MESSAGE),
    "empty 200": (says(b""), Outcome.NOT_A_MESSAGE),
    "over 10 MB": (says(huge), Outcome.TOO_LARGE),
    "for another request": (says(other_request), Outcome.FOREIGN_ANSWER),
    "for another claim": (says(other_claim), Outcome.FOREIGN_ANSWER),
    "no response element": (says(unasked), Outcome.INVALID_ANSWER),
    "a bare ok": (says(acknowledging), Outcome.INVALID_ANSWER),
    "no outcome": (says(edited(outcome=None)), Outcome.INVALID_ANSWER),
    "unknown outcome": (says(edited(outcome="maybe")), Outcome.INVALID_ANSWER),
    "null inside": (says(edited(status=[None])), Outcome.INVALID_ANSWER),
    "fatal-error": (says(fatal), Outcome.DECLINED),
    "400 with an OperationOutcome": (says(bare_refusal, "400 Bad"), Outcome.DECLINED),
    "outcome error": (says(lambda raw: in_session(raw, "error")), Outcome.ERROR),
    "queued": (says(lambda raw: in_session(raw, "queued")), Outcome.QUEUED),
    "partial": (says(lambda raw: in_session(raw, "partial")), Outcome.PARTIAL),
    "complete": (complete, Outcome.COMPLETE),
    "complete in chunks": (in_chunks, Outcome.COMPLETE),
}
ON_BOTH = ("silence", "500", "not JSON", "fatal-error", "queued", "complete")


@pytest.mark.parametrize("what", PLAYS)
async def test_an_answer_ends_its_attempt_as_the_table_says(what: str, sqlite: str) -> None:
    play, outcome = PLAYS[what]
    async with playing(sqlite, play, complete, participant=QUICK if what == "silence" else {}) as scene:
        await follow(scene, outcome)
        assert scene.insurer.received[0] == scene.insurer.received[-1]


@pytest.mark.parametrize("what", ON_BOTH)
async def test_both_databases_tell_the_same_story(what: str, address: str) -> None:
    play, outcome = PLAYS[what]
    async with playing(address, play, complete, participant=QUICK if what == "silence" else {}) as scene:
        await follow(scene, outcome)


async def test_a_long_name_of_an_insurer_is_cut_to_fit_the_disposition(sqlite: str) -> None:
    async with playing(sqlite, hanging_up, name="Falcon " * 35) as scene:
        _, told = await scene.send(fresh(CLAIM))
        disposition = resource(told, "ClaimResponse")["disposition"]
        assert len(disposition) == 250
        assert "Falcon Falcon" in disposition
