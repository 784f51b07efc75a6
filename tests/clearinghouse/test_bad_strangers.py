"""Can anybody read, cancel, answer or hide what another has sent, by using its names?"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.clearinghouse.bad_said import (
    asking_about,
    cancelling,
    checking,
    noticing,
    nullifying,
    paid_for,
    writing,
)
from tests.clearinghouse.bad_steps import QUEUED, authorization
from tests.clearinghouse.bad_world import (
    SERVING,
    Rows,
    World,
    batch,
    between,
    claim,
    focal_of,
    message,
    named,
    sent_to,
    world,
)
from tests.clearinghouse.spoken import Json, asking, deferred, nested, polling, renamed
from tests.clearinghouse.spoken import opened as read_
from tests.gateway import CLINIC, DESERT_ROSE, FALCON, HOSPITAL

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(f"sqlite:///{tmp_path_factory.mktemp('strangers')}/claimgw.db") as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def shared(opened: World) -> World:
    """One gateway for all, with empty mailboxes."""
    for who in (HOSPITAL, CLINIC):
        await polled(opened, who)
    return opened


async def rows_of(shared: World, licence: str) -> Rows:
    """What is on record of that party."""
    found = await shared.record()
    return {name: {key: row for key, row in rows.items() if licence in row} for name, rows in found.items()}


async def polled(shared: World, who: str, about: Json | None = None) -> list[bytes]:
    raw = polling(asking("count", valuePositiveInt=100), about=about, sender=who)
    return nested(await shared.say(raw, who))


# Two providers, one identifier

ATTEMPTS: dict[str, Callable[[Json], bytes]] = {
    "cancelled": lambda target: cancelling(target, of=CLINIC),
    "nullified": lambda target: nullifying(target, of=CLINIC),
    "asked about": lambda target: checking(target, of=CLINIC),
    "written about": lambda target: writing(target, of=CLINIC),
}


@pytest.mark.parametrize("how", ATTEMPTS)
async def test_who_uses_anothers_identifier_means_its_own_claim(how: str, shared: World) -> None:
    theirs = claim()
    await shared.claimed(theirs)
    mine = renamed(between(theirs, CLINIC, FALCON))
    await shared.claimed(mine, CLINIC)
    before = await rows_of(shared, HOSPITAL)
    await shared.say(ATTEMPTS[how](named(theirs)), CLINIC)
    assert await rows_of(shared, HOSPITAL) == before


async def test_who_uses_anothers_identifier_hides_no_payment_from_it(shared: World) -> None:
    theirs = claim()
    answer = await shared.claimed(theirs)
    await shared.claimed(renamed(between(theirs, CLINIC, FALCON)), CLINIC)
    payment = paid_for(theirs, answer)
    await shared.say(payment, FALCON)
    assert payment in await polled(shared, HOSPITAL)
    assert await polled(shared, CLINIC) == []


async def test_who_pays_under_anothers_identifier_hides_no_payment_from_its_provider(shared: World) -> None:
    theirs, mine = claim(), claim(of=CLINIC, to=DESERT_ROSE)
    payment = paid_for(theirs, await shared.claimed(theirs))
    await shared.say(payment, FALCON)
    same = focal_of(payment)["identifier"][0]["value"]
    other = paid_for(mine, await shared.claimed(mine, CLINIC), of=CLINIC, to=DESERT_ROSE, identifier=same)
    await shared.say(other, DESERT_ROSE)
    assert named(other) == named(payment)
    await shared.say(noticing(named(payment), paymentDate="2026-11-01"))
    await shared.say(noticing(named(other), paymentDate="2026-11-01", of=CLINIC), CLINIC)


async def test_a_late_answer_reaches_the_one_it_is_addressed_to(shared: World) -> None:
    theirs = claim(QUEUED)
    mine = renamed(between(theirs, CLINIC, FALCON))
    for raw, who in ((theirs, HOSPITAL), (mine, CLINIC)):
        await shared.claimed(raw, who, "queued")
    before, final = await rows_of(shared, HOSPITAL), deferred(mine)
    await shared.say(final, FALCON)
    assert await rows_of(shared, HOSPITAL) == before
    assert await polled(shared, CLINIC) == [final]


# Names of messages


async def test_anothers_message_ids_give_nobody_its_answer(shared: World) -> None:
    theirs = claim()
    answer = await shared.claimed(theirs)
    copied = between(theirs, CLINIC, FALCON)
    told = await shared.say(copied, CLINIC)
    assert told != answer
    assert focal_of(told)["identifier"] != focal_of(answer)["identifier"]
    assert await shared.say(theirs) == answer


async def test_what_a_batch_says_in_anothers_name_is_not_on_its_record(shared: World) -> None:
    raw = batch()
    tree = json.loads(raw)
    member = between(json.dumps(tree["entry"][2]["resource"]).encode(), CLINIC, FALCON)
    tree["entry"][2]["resource"] = json.loads(member)
    before = await rows_of(shared, CLINIC)
    assert b"BV-00227" in await shared.say(json.dumps(tree).encode())
    assert await rows_of(shared, CLINIC) == before
    # Nor are the ids taken with which it came.
    await shared.claimed(member, CLINIC)


# Mailboxes


async def test_a_poll_about_anothers_claim_gets_nothing_and_takes_nothing(shared: World) -> None:
    raw = claim(QUEUED)
    await shared.claimed(raw, outcome="queued")
    final = deferred(raw)
    await shared.say(final, FALCON)
    about = named(raw)["identifier"]
    assert await polled(shared, CLINIC, about) == []
    assert await polled(shared, HOSPITAL, about) == [final]


async def test_what_an_insurer_tells_one_provider_no_other_gets(shared: World) -> None:
    raw = claim()
    await shared.claimed(raw)
    question = asking_about(named(raw))
    await shared.say(question, FALCON)
    assert await polled(shared, CLINIC) == []
    assert await polled(shared, HOSPITAL) == [question]


@pytest.mark.parametrize("who", [CLINIC, DESERT_ROSE])
async def test_nobody_is_told_of_anothers_exchanges(who: str, shared: World) -> None:
    raw = claim()
    await shared.claimed(raw)
    value = named(raw)["identifier"]["value"]
    header = {"authorization": f"Bearer {shared.keys[who]}"}
    for question in (f"identifier={value}", f"header={read_(raw).header_id}"):
        told = await shared.gateway.client.get(f"/exchanges?{question}", headers=header)
        assert (told.status_code, told.json()) == (200, [])
        own = {"authorization": f"Bearer {shared.keys[HOSPITAL]}"}
        told = await shared.gateway.client.get(f"/exchanges?{question}", headers=own)
        assert len(told.json()) == 1


# TPAs


async def test_a_tpa_that_serves_the_insurer_is_sent_to_and_answers(shared: World) -> None:
    raw = sent_to(claim(QUEUED), SERVING)
    await shared.claimed(raw, outcome="queued")
    final = deferred(raw)
    await shared.say(final, SERVING)
    assert await polled(shared, HOSPITAL) == [final]


@pytest.mark.parametrize(("asked", "by"), [(SERVING, FALCON), (FALCON, SERVING)])
async def test_only_who_was_asked_answers_be_it_insurer_or_tpa(asked: str, by: str, shared: World) -> None:
    raw = sent_to(claim(QUEUED), asked)
    await shared.claimed(raw, outcome="queued")
    before = await shared.record()
    response = await shared.post(deferred(sent_to(raw, by)), by)
    assert "BV-00447" in response.text
    assert await shared.record() == before


# In the session


IN_SESSION: dict[str, tuple[Callable[[Json], bytes], str]] = {
    "claim-request": (lambda _: claim("-STRANGER"), "queued"),
    "priorauth-request": (lambda _: authorization("-STRANGER"), "queued"),
    "communication": (lambda target: writing(target, identifier="COM-1-STRANGER"), "acknowledgement"),
    "eligibility-request": (
        lambda _: message("eligibility-request", identifier="ELG-1-STRANGER"),
        "GE-00012",
    ),
    "cancel-request": (lambda target: cancelling(target, identifier="TSK-1-STRANGER"), "GE-00012"),
    "status-check": (lambda target: checking(target, identifier="TSK-2-STRANGER"), "GE-00012"),
}


@pytest.mark.parametrize("event", IN_SESSION)
async def test_an_answer_in_the_name_of_another_insurer_reaches_no_provider(
    event: str, shared: World
) -> None:
    raw, (make, heard) = claim(), IN_SESSION[event]
    await shared.claimed(raw)
    before = await notices(shared)
    told = (await shared.post(make(named(raw)), HOSPITAL)).content
    assert str(read_(told).sender) == "nphies:NPHIES"
    assert heard in told.decode()
    assert await notices(shared) == before + 1


async def notices(shared: World) -> int:
    """How often insurers were told that an answer of theirs cannot be used."""
    return sum("error-notice" in row for row in (await shared.record())["exchange"].values())


async def test_of_two_complete_answers_at_once_one_is_taken(shared: World) -> None:
    raw = claim(QUEUED)
    await shared.claimed(raw, outcome="queued")
    told = await asyncio.gather(*(shared.post(deferred(raw), FALCON) for _ in range(2)))
    assert sorted("BV-00055" in one.text for one in told) == [False, True]
    assert len(await polled(shared, HOSPITAL)) == 1
