"""Does every ending of an attempt mean what docs/outcomes.md says? Played against the whole gateway."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from claimgw.clearinghouse.delivery.outcomes import MEANING, Again, Heard, Outcome
from claimgw.insurers.sandbox import answers
from claimgw.insurers.sandbox.reading import read as read_request
from claimgw.store.records import State
from tests.clearinghouse import outcomes_page
from tests.clearinghouse.scene import FALCON_NAME, GRACE, Scene, playing
from tests.clearinghouse.spoken import (
    CLAIM,
    Json,
    Play,
    acknowledging,
    bare_refusal,
    complete,
    deferred,
    fresh,
    hanging_up,
    in_session,
    opened,
    resetting,
    says,
    silence,
    tags,
)
from tests.gateway import resource
from tests.insurers.peers import Goodbye, Talk, chunked, peer, unused_port

AWAITING = State.AWAITING_CORRECTION
STATES = {
    Outcome.NOT_A_MESSAGE: AWAITING,
    Outcome.TOO_LARGE: AWAITING,
    Outcome.FOREIGN_ANSWER: AWAITING,
    Outcome.INVALID_ANSWER: AWAITING,
    Outcome.DECLINED: State.ANSWERED,
    Outcome.ERROR: State.ANSWERED,
    Outcome.COMPLETE: State.ANSWERED,
    Outcome.PARTIAL: State.PARTIAL,
    Outcome.QUEUED: State.QUEUED,
}
QUICK = {"answer_seconds": 0.3, "connect_seconds": 0.3}


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
    return in_session(raw).replace(
        json.dumps(read_request(raw).claim_identifier["value"]).encode(), b'"CLM-OTHER"'
    )


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


async def follow(scene: Scene, outcome: Outcome) -> None:
    """One claim, from the provider's request to the insurer's good answer in the mailbox."""
    meaning = MEANING[outcome]
    raw = fresh(CLAIM)
    body, told = await scene.send(raw)
    check_what_was_heard(meaning.heard, body, told, scene)
    await check_the_records(scene, raw, outcome)
    await check_the_notice(scene, raw, due=meaning.notice)
    if meaning.again is Again.NEVER:
        scene.clock.advance(100_000)
        assert await scene.work() == 0
        last = deferred(raw)
        _, acknowledged = await scene.tell(last)
        assert resource(acknowledged, "MessageHeader")["response"]["code"] == "ok"
    else:
        last = await sent_again(scene, raw)
    held = await scene.exchange(raw)
    assert (held.state, held.due_at, held.answered_by) == (State.ANSWERED, None, "insurer")
    assert await scene.poll() == [last]
    assert await scene.poll() == []


def check_what_was_heard(heard: Heard, body: bytes, told: Json, scene: Scene) -> None:
    response, sender = resource(told, "ClaimResponse"), told["entry"][0]["resource"]["sender"]
    if heard is Heard.ANSWER:
        assert body == scene.insurer.said[0]
        return
    assert sender["identifier"] == {"system": "http://nphies.sa/license/nphies", "value": "NPHIES"}
    assert tags(told) == ["nphies-generated"]
    assert tags(response) == ["NPHIES generated"]
    if heard is Heard.PENDED:
        assert response["outcome"] == "queued"
        assert FALCON_NAME in response["disposition"]
        assert len(response["disposition"]) <= 250
    else:
        assert heard is Heard.ERROR
        assert response["outcome"] == "error"
        assert response["error"][0]["code"]["coding"][0]["code"] == "GE-00026"


async def check_the_records(scene: Scene, raw: bytes, outcome: Outcome) -> None:
    held, [made], now = await scene.exchange(raw), await scene.attempts(raw), scene.clock.now()
    assert (made.outcome, made.closed_at, made.number) == (outcome, now, 1)
    assert not held.waiting
    match MEANING[outcome].again:
        case Again.LATER:
            assert held.state is State.HELD
            assert held.due_at is not None
            assert timedelta(seconds=4) <= held.due_at - now <= timedelta(seconds=6)
        case Again.AFTER_GRACE:
            assert held.state is State.UNCONFIRMED
            assert held.due_at == now + timedelta(seconds=GRACE)
        case Again.NEVER:
            assert held.state is STATES[outcome]
            assert held.due_at is None
    assert bool(held.reason) == (held.state not in (State.ANSWERED, State.QUEUED, State.PARTIAL))


async def check_the_notice(scene: Scene, raw: bytes, *, due: bool) -> None:
    assert len(await scene.notices()) == due
    assert await scene.work() == due
    assert len(scene.insurer.notices) == due
    assert await scene.notices() == []
    if due:
        header = opened(scene.insurer.notices[0]).header
        originals = {row["url"].rpartition("-")[2]: row["valueId"] for row in header["extension"]}
        assert originals["request"] == opened(raw).header_id
        assert json.loads(scene.insurer.notices[0])["entry"][1]["resource"]["resourceType"] == (
            "OperationOutcome"
        )


async def sent_again(scene: Scene, raw: bytes) -> bytes:
    """Not before its time, then the same bytes; the answer that came."""
    held = await scene.exchange(raw)
    assert held.due_at is not None
    scene.clock.advance((held.due_at - scene.clock.now()).total_seconds() - 0.5)
    assert await scene.work() == 0
    scene.clock.advance(1)
    assert await scene.work() == 1
    assert scene.insurer.received[-1] == raw
    assert [made.outcome for made in await scene.attempts(raw)][1:] == ["complete"]
    return scene.insurer.said[-1]


# What cannot have arrived


@contextmanager
def full_backlog() -> Iterator[str]:
    """A port that takes no further connection: the kernel drops what exceeds the queue nobody empties."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/$process-message"
        finally:
            for client in waiting:
                client.close()


UNREACHABLE: dict[Outcome, Callable[[], AbstractContextManager[str]]] = {
    Outcome.REFUSED: lambda: nullcontext(f"http://127.0.0.1:{unused_port()}/"),
    Outcome.UNRESOLVED: lambda: nullcontext("http://insurer.invalid/"),
    Outcome.CONNECT_TIMEOUT: full_backlog,
}


@pytest.mark.parametrize("outcome", UNREACHABLE)
async def test_an_insurer_that_cannot_be_reached_gets_the_same_bytes_later(
    outcome: Outcome, sqlite: str
) -> None:
    with UNREACHABLE[outcome]() as endpoint:
        limits = {"connect_seconds": 0.2}
        async with playing(sqlite, complete, endpoint=endpoint, participant=limits) as scene:
            await moved_later(scene, outcome)


CERTIFICATES = ("expired", "wrong host", "unknown authority")


@asynccontextmanager
async def untrusted(which: str, folder: Path) -> AsyncIterator[tuple[str, Path]]:
    """An insurer with such a certificate: its address, and the authorities that are trusted."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate = {
        "expired": lambda: ca.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)),
        "wrong host": lambda: ca.issue_cert("other.example"),
        "unknown authority": lambda: trustme.CA().issue_cert("127.0.0.1"),
    }[which]()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    async def nobody(talk: Talk) -> None:
        raise AssertionError("a message went out over a connection that is not trusted")

    async with peer(nobody, context) as server:
        yield server.address, folder / "ca.pem"


@pytest.mark.parametrize("which", CERTIFICATES)
async def test_an_insurer_with_a_bad_certificate_is_sent_nothing(
    which: str, sqlite: str, tmp_path: Path
) -> None:
    async with untrusted(which, tmp_path) as (endpoint, authority):
        limits = {"authority": str(authority)}
        async with playing(sqlite, complete, endpoint=endpoint, participant=limits) as scene:
            await moved_later(scene, Outcome.TLS_FAULT, authority=None)


async def moved_later(scene: Scene, outcome: Outcome, **settings: Any) -> None:
    """The claim fails, the insurer's address is mended, and the claim arrives."""
    raw = fresh(CLAIM)
    body, told = await scene.send(raw)
    check_what_was_heard(Heard.PENDED, body, told, scene)
    await check_the_records(scene, raw, outcome)
    await scene.move(scene.address, **settings)
    last = await sent_again(scene, raw)
    assert scene.insurer.received == [raw]
    assert await scene.poll() == [last]


async def test_an_insurer_without_a_connection_is_waited_for(sqlite: str) -> None:
    async with playing(sqlite, complete, participant={"authority": "/nowhere.pem"}) as scene:
        await moved_later(scene, Outcome.PAUSED, authority=None)


async def test_an_attempt_nobody_closed_is_unknown_and_gets_the_grace(sqlite: str) -> None:
    the_end = asyncio.Event()

    async def hanging(talk: Talk, _: bytes) -> None:
        await the_end.wait()
        await talk.leave(Goodbye.CLOSE)

    async with playing(sqlite, hanging, complete) as scene:
        raw = fresh(CLAIM)
        await scene.abandoned(raw)
        held, [made] = await scene.exchange(raw), await scene.attempts(raw)
        assert (held.state, made.outcome) == (State.UNCONFIRMED, "abandoned")
        assert held.due_at == scene.clock.now() + timedelta(seconds=GRACE)
        last = await sent_again(scene, raw)
        assert scene.insurer.received == [raw, raw]
        assert await scene.poll() == [last]
        the_end.set()


# Statuses, one by one

REDIRECTS = (300, 301, 302, 303, 304, 305, 307, 308)
BLAMES_THE_GATEWAY = (*range(400, 408), *range(410, 419), 421, 422, 423, 424, 426, 428, 431, 451)
STATUSES: dict[Outcome, tuple[tuple[int, str], ...]] = {
    Outcome.MISCONFIGURED: tuple((status, "") for status in (*REDIRECTS, *BLAMES_THE_GATEWAY)),
    Outcome.BUSY: ((408, ""), (425, ""), (429, ""), (429, "7"), (503, "7")),
    Outcome.SERVER_ERROR: ((409, ""), (500, ""), (501, ""), (502, ""), (503, ""), (503, "soon"), (504, "")),
    Outcome.NOT_A_MESSAGE: ((204, ""), (206, "")),
}


@pytest.mark.parametrize("outcome", STATUSES)
async def test_every_status_ends_its_attempt_as_the_table_says(outcome: Outcome, sqlite: str) -> None:
    plays = [
        says(b"", f"{status} X", *([f"Retry-After: {after}"] if after else []))
        for status, after in STATUSES[outcome]
    ]
    async with playing(sqlite, *plays) as scene:
        for status, _ in STATUSES[outcome]:
            raw = fresh(CLAIM)
            _, told = await scene.send(raw)
            [made] = await scene.attempts(raw)
            assert (status, made.outcome) == (status, outcome)
            assert resource(told, "ClaimResponse")["outcome"] == "queued"
        assert len(scene.insurer.received) == len(plays)


@pytest.mark.parametrize("status", ["429 Busy", "503 Busy"])
async def test_a_retry_after_prolongs_the_wait(status: str, sqlite: str) -> None:
    async with playing(sqlite, says(b"", status, "Retry-After: 77")) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        held = await scene.exchange(raw)
        assert held.due_at == scene.clock.now() + timedelta(seconds=77)


async def test_a_body_over_the_cap_under_an_error_status_is_judged_by_the_status(sqlite: str) -> None:
    page = b"x" * (10 * 1024 * 1024 + 1)
    async with playing(sqlite, says(page, "404 Not Found")) as scene:
        raw = fresh(CLAIM)
        await scene.send(raw)
        [made] = await scene.attempts(raw)
        assert made.outcome == Outcome.MISCONFIGURED


@pytest.mark.parametrize("status", ["400 Bad Request", "422 Unprocessable"])
async def test_a_refusal_with_an_bare_refusal_names_its_codes_to_the_provider(
    status: str, sqlite: str
) -> None:
    async with playing(sqlite, says(bare_refusal, status)) as scene:
        _, told = await scene.send(fresh(CLAIM))
        coding = resource(told, "ClaimResponse")["error"][0]["code"]["coding"][0]
        assert coding["code"] == "GE-00026"
        assert status[:3] in coding["display"]


async def test_a_long_name_of_an_insurer_is_cut_to_fit_the_disposition(sqlite: str) -> None:
    async with playing(sqlite, hanging_up, name="Falcon " * 35) as scene:
        _, told = await scene.send(fresh(CLAIM))
        disposition = resource(told, "ClaimResponse")["disposition"]
        assert len(disposition) == 250
        assert "Falcon Falcon" in disposition
