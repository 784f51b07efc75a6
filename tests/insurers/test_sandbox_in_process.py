"""Does the sandbox do in process what each ending asks for, under a clock that is held?"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from claimgw.clock import ManualClock
from claimgw.errors import StoreUnavailable
from claimgw.insurers.sandbox.behaviour import TABLE, Behaviour
from claimgw.insurers.sandbox.cases import Cases
from claimgw.insurers.sandbox.claim_response import Stamp
from claimgw.insurers.sandbox.in_process import InProcess
from claimgw.insurers.sandbox.insurer import Availability
from claimgw.insurers.sandbox.reading import read
from claimgw.insurers.sandbox.wording import Turn
from claimgw.insurers.spi import (
    Answered,
    Connection,
    NotSent,
    NotSentFault,
    Reply,
    TooLarge,
    Unanswered,
    UnansweredFault,
    find_adapter,
)
from tests.insurers.sandbox_requests import (
    INSURER,
    SD,
    START,
    authorization_request,
    bundle,
    claim,
    claim_request,
    detail,
    encode,
    eventually,
    header_of,
    item,
    let_run,
    outcome_of,
    pass_time,
    places,
    response_of,
)

SOON = 0.05


@dataclass
class Gateway:
    """The other side of the door: keeps what came in; refuses as long as `away` is above zero."""

    came: list[bytes] = field(default_factory=list)
    away: int = 0
    broken: bool = False

    async def door(self, message: bytes) -> bytes:
        if self.broken:
            raise ValueError("a bug")
        if self.away:
            self.away -= 1
            raise StoreUnavailable("the database is away")
        self.came.append(message)
        return b"{}"


@dataclass
class Scene:
    insurer: InProcess
    clock: ManualClock
    gateway: Gateway

    async def deliver(self, message: bytes, seconds: float = 5.0) -> Reply:
        return await self.insurer.deliver(message, seconds=seconds)

    async def answer(self, message: bytes) -> bytes:
        reply = await self.deliver(message)
        assert isinstance(reply, Answered)
        assert reply.status == 200
        return reply.body


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    clock, gateway = ManualClock(START), Gateway()
    connection = Connection(licence=INSURER, name="Sandbox", endpoint="sandbox:")
    insurer = find_adapter("sandbox")(connection, clock=clock, door=gateway.door)
    assert isinstance(insurer, InProcess)
    yield Scene(insurer, clock, gateway)
    await insurer.close()


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [("", "approved"), ("APPROVE", "approved"), ("PARTIAL", "partial"), ("REJECT", "rejected")],
)
@pytest.mark.parametrize("make", [claim_request, authorization_request])
async def test_a_decision_comes_in_session(
    scene: Scene, make: Callable[..., bytes], ending: str, outcome: str
) -> None:
    response = response_of(await scene.answer(make(ending)))
    assert (response["outcome"], outcome_of(response)) == ("complete", outcome)
    await pass_time(scene.clock, 3600)
    assert scene.gateway.came == []


async def test_a_queued_claim_is_answered_later_through_the_door(scene: Scene) -> None:
    request = claim_request("QUEUE-30")
    assert response_of(await scene.answer(request))["outcome"] == "queued"
    await pass_time(scene.clock, 29)
    assert scene.gateway.came == []
    await pass_time(scene.clock, 1)
    (late,) = scene.gateway.came
    assert "response" not in header_of(late)
    assert response_of(late)["outcome"] == "complete"
    assert response_of(late)["created"] == "2026-03-01T09:00:30+03:00"
    assert scene.insurer.insurer.received[header_of(request)["id"]].posted == 1


async def test_a_claim_in_steps_is_queued_then_partial_then_complete(scene: Scene) -> None:
    assert response_of(await scene.answer(claim_request("STEPS-10")))["outcome"] == "queued"
    for expected in (["partial"], ["partial", "complete"]):
        await pass_time(scene.clock, 10)
        assert [response_of(one)["outcome"] for one in scene.gateway.came] == expected


async def test_silence_lasts_until_the_deadline(scene: Scene) -> None:
    request = claim_request("SILENT")
    for _ in range(2):
        reply = await scene.deliver(request, SOON)
        assert isinstance(reply, Unanswered)
        assert reply.fault is UnansweredFault.SILENT
    assert scene.insurer.insurer.received[header_of(request)["id"]].attempts == 2


async def test_silence_for_two_attempts_ends_with_the_third(scene: Scene) -> None:
    request = claim_request("SILENT-2")
    assert isinstance(await scene.deliver(request, SOON), Unanswered)
    assert isinstance(await scene.deliver(request, SOON), Unanswered)
    assert response_of(await scene.answer(request))["outcome"] == "complete"


async def test_a_silent_delivery_can_be_cancelled(scene: Scene) -> None:
    task = asyncio.ensure_future(scene.deliver(claim_request("SILENT"), 60))
    await let_run()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_busy_insurer_says_503_and_when_to_come_again(scene: Scene) -> None:
    request = claim_request("BUSY")
    for _ in range(3):
        reply = await scene.deliver(request)
        assert isinstance(reply, Answered)
        assert (reply.status, reply.retry_after) == (503, 1.0)


async def test_a_busy_insurer_answers_after_so_many_attempts(scene: Scene) -> None:
    request = claim_request("BUSY-1")
    busy = await scene.deliver(request)
    assert isinstance(busy, Answered)
    assert busy.status == 503
    assert response_of(await scene.answer(request))["outcome"] == "complete"


async def test_a_slow_answer_comes_after_its_seconds(scene: Scene) -> None:
    task = asyncio.ensure_future(scene.deliver(claim_request("SLOW-9")))
    await pass_time(scene.clock, 8)
    assert not task.done()
    await pass_time(scene.clock, 1)
    reply = await task
    assert isinstance(reply, Answered)
    assert response_of(reply.body)["outcome"] == "complete"


async def test_an_answer_slower_than_the_deadline_is_ready_at_the_repeat(scene: Scene) -> None:
    request = claim_request("SLOW-9")
    assert isinstance(await scene.deliver(request, SOON), Unanswered)
    await pass_time(scene.clock, 9)
    assert response_of(await scene.answer(request))["outcome"] == "complete"


async def test_garbage_is_a_page_with_status_200(scene: Scene) -> None:
    reply = await scene.deliver(claim_request("GARBAGE"))
    assert isinstance(reply, Answered)
    assert (reply.status, reply.content_type) == (200, "text/html")
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.body)


async def test_an_invalid_message_has_a_sound_header_and_a_broken_response(scene: Scene) -> None:
    request = claim_request("INVALID")
    answer = await scene.answer(request)
    assert header_of(answer)["response"]["identifier"] == header_of(request)["id"]
    response = response_of(answer)
    assert "outcome" not in response
    assert response["item"]
    assert response["error"]


async def test_an_error_carries_the_payers_code_and_no_items(scene: Scene) -> None:
    response = response_of(await scene.answer(claim_request("ERROR")))
    assert response["outcome"] == "error"
    assert response["error"][0]["code"]["coding"][0]["code"] == "1658"
    assert "item" not in response


async def test_a_declined_message_gets_a_fatal_error_and_no_claim_response(scene: Scene) -> None:
    header = header_of(await scene.answer(claim_request("DECLINE")))
    assert header["eventCoding"]["code"] == "acknowledgement"
    assert header["response"]["code"] == "fatal-error"


async def test_an_answer_given_twice_comes_again_under_new_ids(scene: Scene) -> None:
    answer = await scene.answer(claim_request("TWICE"))
    await pass_time(scene.clock, 1)
    (again,) = scene.gateway.came
    assert header_of(again)["id"] != header_of(answer)["id"]
    assert "response" not in header_of(again)
    first, second = response_of(answer), response_of(again)
    assert first["identifier"] != second["identifier"]
    assert (first["item"], first["total"]) == (second["item"], second["total"])


async def test_a_duplicate_is_refused_with_1677(scene: Scene) -> None:
    response = response_of(await scene.answer(claim_request("DUPLICATE")))
    assert response["error"][0]["code"]["coding"][0]["code"] == "1677"


async def test_a_repeat_is_called_a_duplicate_and_the_real_answer_follows(scene: Scene) -> None:
    request = claim_request("DUPLICATE-1")
    assert isinstance(await scene.deliver(request, SOON), Unanswered)
    for _ in range(2):
        response = response_of(await scene.answer(request))
        assert response["error"][0]["code"]["coding"][0]["code"] == "1677"
    await pass_time(scene.clock, 2)
    (real,) = scene.gateway.came
    assert response_of(real)["outcome"] == "complete"


async def test_an_answer_to_another_request_names_another_header(scene: Scene) -> None:
    request = claim_request("OTHER")
    answer = await scene.answer(request)
    assert header_of(answer)["response"]["identifier"] != header_of(request)["id"]
    assert response_of(answer)["outcome"] == "complete"


async def test_a_huge_answer_is_over_the_cap(scene: Scene) -> None:
    reply = await scene.deliver(claim_request("HUGE"))
    assert reply == TooLarge(200, 10 * 1024 * 1024)


@pytest.mark.parametrize("ending", ["", "QUEUE-1", "ERROR", "TWICE", "DECLINE", "INVALID", "GARBAGE"])
async def test_an_exact_repeat_gets_the_same_bytes_and_starts_nothing_anew(scene: Scene, ending: str) -> None:
    request = claim_request(ending)
    first = await scene.answer(request)
    await pass_time(scene.clock, 60)
    late = len(scene.gateway.came)
    assert await scene.answer(request) == first
    await pass_time(scene.clock, 60)
    assert len(scene.gateway.came) == late


async def test_the_same_ending_in_another_message_is_met_afresh(scene: Scene) -> None:
    first = await scene.deliver(claim_request("BUSY-1"))
    second = await scene.deliver(claim_request("BUSY-1"))
    assert isinstance(first, Answered)
    assert isinstance(second, Answered)
    assert (first.status, second.status) == (503, 503)


async def test_a_late_answer_is_posted_again_while_the_gateway_cannot_record_it(scene: Scene) -> None:
    scene.gateway.away = 3
    await scene.answer(claim_request("QUEUE-1"))

    def came_at_last() -> bool:
        scene.clock.advance(1)
        return bool(scene.gateway.came)

    await eventually(came_at_last)
    assert scene.gateway.away == 0


async def test_a_late_answer_that_breaks_the_gateway_is_given_up_and_logged(scene: Scene) -> None:
    scene.gateway.broken = True
    with capture_logs() as logs:
        await scene.answer(claim_request("QUEUE-1"))
        await pass_time(scene.clock, 1)
    assert [one["action"] for one in logs] == ["answered", "gave up"]


async def test_the_log_names_headers_and_nothing_of_the_claim(scene: Scene) -> None:
    request = claim_request("QUEUE-1")
    with capture_logs() as logs:
        await scene.answer(request)
        await pass_time(scene.clock, 1)
    assert [one["action"] for one in logs] == ["answered", "posted"]
    assert {one["header"] for one in logs} == {header_of(request)["id"]}
    written = str(logs)
    assert response_of(scene.gateway.came[0])["request"]["identifier"]["value"] not in written
    assert "Patient" not in written


async def test_closing_gives_up_what_was_still_to_be_posted(scene: Scene) -> None:
    await scene.answer(claim_request("QUEUE-5"))
    await let_run()
    await scene.insurer.close()
    await pass_time(scene.clock, 60)
    assert scene.gateway.came == []


async def test_an_insurer_switched_off_refuses_and_is_not_reachable(scene: Scene) -> None:
    request = claim_request()
    scene.insurer.insurer.availability = Availability.DOWN
    reply = await scene.deliver(request)
    assert isinstance(reply, NotSent)
    assert reply.fault is NotSentFault.REFUSED
    assert (await scene.insurer.probe()).reachable is False
    assert scene.insurer.insurer.received == {}
    scene.insurer.insurer.availability = Availability.UP
    assert response_of(await scene.answer(request))["outcome"] == "complete"
    assert (await scene.insurer.probe()).reachable is True


async def test_an_insurer_switched_to_silence_takes_the_message_all_the_same(scene: Scene) -> None:
    request = claim_request()
    scene.insurer.insurer.availability = Availability.SILENT
    assert isinstance(await scene.deliver(request, SOON), Unanswered)
    assert scene.insurer.insurer.received[header_of(request)["id"]].attempts == 1


async def test_a_message_for_another_insurer_is_answered_422(scene: Scene) -> None:
    reply = await scene.deliver(claim_request(receiver="7000000000"))
    assert isinstance(reply, Answered)
    assert reply.status == 422


async def test_an_event_it_does_not_know_is_not_supported_and_an_error_notice_is_acknowledged(
    scene: Scene,
) -> None:
    for event, code in (("eligibility-request", "fatal-error"), ("error-notice", "ok")):
        header = header_of(await scene.answer(encode(bundle(event, claim("C")))))
        assert header["response"]["code"] == code


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(anything, st.sampled_from(TABLE), st.data())
def test_a_claim_with_anything_in_any_place_never_breaks_the_insurer(
    value: object, row: Behaviour, data: st.DataObject
) -> None:
    transfer = {"url": SD + "extension-transfer", "valueBoolean": True}
    items = [item(1, details=[detail(1, "5.00")])]
    focus = claim("PA-1", "preauthorization", items, related=[{"claim": {}}], extension=[transfer])
    holder, key = data.draw(st.sampled_from(list(places(focus))))
    holder[key] = value

    request = read(encode(bundle("priorauth-request", focus)))
    if request.claim is not None:
        made = row.planner(Turn(request, Cases().remember(request, b"")), 1)
        stamp = Stamp("b", "h", "f", START)
        heard = Cases()
        for compose in (made.answer, *(one.compose for one in made.later)):
            heard.said(compose(stamp))


async def test_nesting_beyond_all_measure_is_refused(scene: Scene) -> None:
    for depth in (100, 400, 900, 2_000, 100_000):
        deep = b"[" * depth + b"]" * depth
        body = claim_request().replace(b'"priority":{"coding":[{"code":"normal"}]}', b'"patient":' + deep)
        reply = await scene.deliver(body)
        assert isinstance(reply, Answered)
        assert reply.status in {200, 400}
