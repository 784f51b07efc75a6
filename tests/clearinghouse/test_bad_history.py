"""Is what may be older than the record taken unchecked, and what is younger not?"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import pytest_asyncio

from claimgw.store import history
from claimgw.store.records import Imported
from tests.clearinghouse.bad_requests import ABOUT
from tests.clearinghouse.bad_said import (
    asking_about,
    cancelling,
    granting,
    late_on_cancellation,
    noticing,
    nullifying,
    paying,
    relying_on,
    writing,
)
from tests.clearinghouse.bad_steps import authorization, number
from tests.clearinghouse.bad_world import World, claim, named, nobodys, world
from tests.clearinghouse.spoken import START, Json, asking, deferred, nested, opened, polling
from tests.gateway import CLINIC, FALCON, HOSPITAL

pytestmark = pytest.mark.asyncio(loop_scope="module")

YEAR_AGO = START.date() - timedelta(days=365)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened_(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("history")
    async with world(f"sqlite:///{folder}/claimgw.db", complete_history=False) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def shared(opened_: World) -> World:
    """History of the hospital and Falcon began today; nothing waits for the hospital."""
    await begins(opened_, START.date())
    await polled(opened_)
    return opened_


async def begins(shared: World, since: date) -> None:
    async with shared.gateway.database.write() as unit:
        await history.let_begin(unit, HOSPITAL, FALCON, since, by="a test", now=START)


async def polled(shared: World) -> list[bytes]:
    return nested(await shared.say(polling(asking("count", valuePositiveInt=100))))


async def calls(shared: World) -> int:
    return len((await shared.record())["attempt"])


async def said_of(shared: World, raw: bytes, who: str = HOSPITAL) -> str:
    response = await shared.post(raw, who)
    assert response.status_code == 200, response.text
    return response.text


REQUESTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "resubmitting": (lambda: ABOUT["claim-request"](nobodys()), "BV-00725"),
    "authorizing again": (lambda: ABOUT["priorauth-request"](nobodys()), "BV-00725"),
    "cancelling": (lambda: cancelling(nobodys()), "BV-00222"),
    "nullifying": (lambda: nullifying(nobodys()), "BV-00141"),
    "asking for the status": (lambda: ABOUT["status-check"](nobodys()), "BV-00459"),
    "writing": (lambda: writing(nobodys()), "BV-00148"),
    "answering a question": (lambda: writing(nobodys(), nobodys("CommunicationRequest")), "BV-00455"),
    "relying on eligibility": (
        lambda: relying_on("eligibility-response", nobodys("CoverageEligibilityResponse")),
        "BV-00381",
    ),
    "relying on an authorization": (
        lambda: relying_on("priorauth-response", nobodys("ClaimResponse"), number=number()),
        "BV-00382",
    ),
}


@pytest.mark.parametrize("what", REQUESTS)
async def test_a_request_about_what_may_be_of_before_goes_to_its_insurer(what: str, shared: World) -> None:
    before, raw = await calls(shared), REQUESTS[what][0]()
    answer = opened((await said_of(shared, raw)).encode())
    assert str(answer.sender) == FALCON
    assert await calls(shared) == before + 1


@pytest.mark.parametrize("what", REQUESTS)
async def test_a_request_about_nothing_is_refused_after_a_year_of_history(what: str, shared: World) -> None:
    await begins(shared, YEAR_AGO)
    before, (make, code) = await calls(shared), REQUESTS[what]
    assert code in await said_of(shared, make())
    assert await calls(shared) == before


async def test_a_notice_of_a_payment_of_before_is_acknowledged(shared: World) -> None:
    await shared.say(noticing(nobodys("PaymentReconciliation")))


NOTICES: dict[str, tuple[Callable[[], bytes], str]] = {
    "late answer": (lambda: deferred(claim()), "BV-00003"),
    "late authorization": (lambda: deferred(authorization()), "BV-00003"),
    "answer to a cancellation": (lambda: late_on_cancellation(cancelling(nobodys())), "BV-00170"),
    "question": (lambda: asking_about(nobodys()), "BV-00137"),
    "payment": (lambda: paying(nobodys(), nobodys("ClaimResponse"), day="2026-10-30"), "BV-00024"),
    "restated authorization": (
        lambda: granting(number(), name="advanced-authorization-restated"),
        "BV-00687",
    ),
}


@pytest.mark.parametrize("what", NOTICES)
async def test_what_an_insurer_tells_of_before_reaches_the_provider(what: str, shared: World) -> None:
    raw = NOTICES[what][0]()
    await shared.say(raw, FALCON)
    assert await polled(shared) == [raw]


@pytest.mark.parametrize("what", NOTICES)
async def test_what_an_insurer_tells_of_nothing_is_refused_after_a_year(what: str, shared: World) -> None:
    await begins(shared, YEAR_AGO)
    make, code = NOTICES[what]
    assert code in await said_of(shared, make(), FALCON)
    assert await polled(shared) == []


async def test_a_date_tells_that_something_is_not_of_before(shared: World) -> None:
    """The answer that is paid was given today, and today is on record."""
    raw = claim()
    await shared.claimed(raw)
    unknown = paying(named(raw), nobodys("ClaimResponse"))
    assert "BV-00362" in await said_of(shared, unknown, FALCON)
    await begins(shared, START.date() + timedelta(days=1))
    await shared.say(paying(named(raw), nobodys("ClaimResponse")), FALCON)


# Cancellations that are answered late


async def test_a_cancellation_of_before_is_answered_late(shared: World) -> None:
    request = cancelling(nobodys(), identifier=f"{number()[:20]}-BUSY-1")
    assert "GE-00012" in await said_of(shared, request)
    late = late_on_cancellation(request)
    await shared.say(late, FALCON)
    assert await polled(shared) == [late]
    assert "BV-00940" in await said_of(shared, late_on_cancellation(request), FALCON)


async def test_a_cancellation_of_an_advanced_authorization_is_answered_late(shared: World) -> None:
    given = granting(number())
    await shared.say(given, FALCON)
    request = cancelling(named(given), identifier=f"{number()[:20]}-BUSY-1")
    assert "GE-00012" in await said_of(shared, request)
    late = late_on_cancellation(request)
    await shared.say(late, FALCON)
    assert await polled(shared) == [given, late]
    assert "BV-00686" in await said_of(shared, cancelling(named(given)))


# Imported identifiers


async def bring_in(shared: World, target: Json, standing: str = "answered", of: str = HOSPITAL) -> None:
    given = target["identifier"]
    one = Imported(of, FALCON, target["type"], given["system"], given["value"], "claim-request", standing)
    async with shared.gateway.database.write() as unit:
        await history.bring_in(unit, [one], START)


STANDINGS = {
    "answered": (cancelling, None),
    "open": (writing, None),
    "refused": (cancelling, "BV-00222"),
    "cancelled": (cancelling, "BV-00143"),
    "nullified": (cancelling, "BV-00144"),
}


@pytest.mark.parametrize("standing", STANDINGS)
async def test_what_was_imported_is_known_with_its_standing(standing: str, shared: World) -> None:
    await begins(shared, YEAR_AGO)
    target, (make, code) = nobodys(), STANDINGS[standing]
    await bring_in(shared, target, standing)
    before = await calls(shared)
    told = await said_of(shared, make(target))
    assert (await calls(shared) == before + 1) == (code is None)
    assert code is None or code in told


async def test_what_was_imported_for_another_provider_is_not_known(shared: World) -> None:
    await begins(shared, YEAR_AGO)
    target = nobodys()
    await bring_in(shared, target, of=CLINIC)
    assert "BV-00222" in await said_of(shared, cancelling(target))


async def test_a_late_answer_to_what_was_imported_reaches_the_provider(shared: World) -> None:
    await begins(shared, YEAR_AGO)
    raw = claim()
    await bring_in(shared, named(raw), "open")
    final = deferred(raw)
    await shared.say(final, FALCON)
    assert await polled(shared) == [final]


async def test_history_begins_on_the_day_after_the_first_message_as_it_is_in_riyadh(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("midnight")
    async with world(f"sqlite:///{folder}/claimgw.db", complete_history=False) as one:
        one.clock.advance((datetime(2026, 11, 1, 21, 30, tzinfo=UTC) - one.clock.now()).total_seconds())
        await one.claimed(claim())
        async with one.gateway.database.read() as unit:
            assert await history.begins(unit, HOSPITAL, FALCON) == date(2026, 11, 3)
