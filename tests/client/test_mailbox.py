"""Does a provider get every message of its mailbox once it is done with the one before, and lose none?"""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from claimgw.client import (
    BlockingProviderClient,
    Case,
    ClientFault,
    Credentials,
    Happening,
    Identifier,
    NotAnAnswer,
    NotInTime,
    PollFile,
    PollRefused,
    ProviderClient,
)
from claimgw.errors import ConfigurationError
from tests.client.office import Office, answered
from tests.client.test_gateway import PatientClock
from tests.gateway import HOSPITAL
from tests.served import served

SYSTEM = Case.of(answered("C-1")).identifier.system


@asynccontextmanager
async def at(office: Office, **options: Any) -> AsyncIterator[ProviderClient]:
    async with (
        served(office.app) as url,
        ProviderClient(url, HOSPITAL, Credentials(key="cgw_1"), **options) as client,
    ):
        yield client


async def test_the_next_poll_is_made_when_the_message_before_is_finished() -> None:
    office = Office()
    office.deposit("C-1", "C-2", "C-3")
    seen = []
    async with at(office) as client:
        async for message in client.poll(count=2):
            seen.append((message.case.identifier.value, len(set(office.polls))))
    assert seen == [("C-1", 1), ("C-2", 1), ("C-3", 2)]


async def test_whoever_fails_over_a_message_sees_it_again() -> None:
    office = Office()
    office.deposit("C-1", "C-2")
    seen = []

    async def stumble(client: ProviderClient) -> None:
        async for message in client.poll():
            seen.append(message.about)
            if message.about == "C-2":
                raise ZeroDivisionError

    async with at(office) as client:
        with pytest.raises(ZeroDivisionError):
            await stumble(client)
        seen += [message.about async for message in client.poll()]
    assert seen == ["C-1", "C-2", "C-2"]
    assert len(set(office.polls)) == 1


async def test_a_poll_kept_in_a_file_goes_on_after_a_crash(tmp_path: Path) -> None:
    office, file = Office(), tmp_path / "poll.json"
    office.deposit("C-1", "C-2", "C-3")
    async with at(office) as client:
        async for message in client.poll(state=PollFile(file)):
            if message.about == "C-2":
                break
    assert file.exists()
    async with at(office) as client:
        assert [one.about async for one in client.poll(state=PollFile(file))] == ["C-2", "C-3"]
    assert not file.exists()
    file.write_text("[]")
    with pytest.raises(ClientFault, match="keeps no poll"):
        PollFile(file).load()


async def test_a_poll_is_confirmed_when_the_last_of_its_messages_is_finished() -> None:
    office = Office(confirming=True)
    office.deposit("C-1", "C-2", "C-3")
    seen = []
    async with at(office) as client:
        async for _ in client.poll(count=2):
            seen.append(len(office.confirmed))
    assert seen == [0, 0, 1]
    assert len(set(office.confirmed)) == 2


async def test_a_poll_that_was_left_before_its_end_is_not_confirmed() -> None:
    office = Office(confirming=True)
    office.deposit("C-1", "C-2")
    async with at(office) as client:
        async for message in client.poll():
            if message.about == "C-2":
                break
        assert office.confirmed == []
        assert [message.about async for message in client.poll()] == ["C-2"]
    assert len(office.confirmed) == 1


@pytest.mark.parametrize("confirming", [None, False], ids=["unknown", "registered otherwise"])
async def test_where_nothing_is_confirmed_it_is_said_once(confirming: bool | None) -> None:
    office = Office(confirming=confirming)
    office.deposit("C-1", "C-2", "C-3")
    async with at(office) as client:
        assert len([message async for message in client.poll(count=1)]) == 3
    assert len(office.confirmed) == 1


@pytest.mark.parametrize(("status", "kept"), [(200, False), (403, True)])
async def test_a_poll_is_given_up_only_if_the_gateway_has_read_and_refused_it(
    tmp_path: Path, status: int, kept: bool
) -> None:
    office, file = Office(refusing=status), tmp_path / "poll.json"
    async with at(office) as client:
        with pytest.raises(PollRefused, match="BV-00456"):
            await anext(client.poll(state=PollFile(file)))
    assert file.exists() is kept


async def test_a_message_that_cannot_be_read_does_not_stand_in_the_way() -> None:
    office = Office()
    office.waiting.append(b'{"resourceType":"Bundle"}')
    office.deposit("C-1")
    async with at(office) as client:
        broken, sound = [message async for message in client.poll()]
    assert (broken.raw, broken.about, broken.event) == (b'{"resourceType":"Bundle"}', None, None)
    assert sound.about == "C-1"


async def test_who_waits_is_told_and_does_not_poll_blind() -> None:
    office = Office()
    async with at(office) as client:
        coming = asyncio.ensure_future(anext(client.poll(wait=30)))
        await office.heard(listeners=1)
        office.deposit("C-1")
        assert (await coming).about == "C-1"
    assert len(office.polls) == 2


async def test_without_events_the_mailbox_is_looked_into_now_and_then() -> None:
    office = Office(streaming=False)
    async with at(office, interval=0.01) as client:
        coming = asyncio.ensure_future(anext(client.poll(wait=30)))
        await office.heard(polls=3)
        office.deposit("C-1")
        assert (await coming).about == "C-1"


async def test_what_waits_for_others_is_no_reason_to_hurry() -> None:
    office, clock = Office(), PatientClock()
    office.deposit("C-2")
    async with at(office, clock=clock) as client:
        wanted = Identifier(SYSTEM, "C-1")
        assert [one async for one in client.poll(wait=20, about=wanted)] == []
    assert len(office.polls) < 6


async def test_a_claim_is_followed_past_the_messages_of_others() -> None:
    """The stream rings for them once, and then for the claim's own."""
    office = Office()
    office.deposit("C-2")
    async with at(office, interval=0.01) as client:
        steps = client.follow(Identifier(SYSTEM, "C-1"), seconds=30)
        coming = asyncio.ensure_future(anext(steps))
        await office.heard(listeners=2)
        office.deposit("C-1")
        step = await coming
        assert (step.happening, step.message.about) == (Happening.COMPLETE, "C-1")
        assert [one async for one in steps] == []
    assert [Case.of(raw).identifier.value for raw in office.waiting] == ["C-2"]
    assert len(office.polls) == 3


async def test_a_claim_that_does_not_end_is_said_to_be_late() -> None:
    async with at(Office(streaming=False), clock=PatientClock()) as client:
        with pytest.raises(NotInTime, match="not decided yet"):
            await anext(client.follow(Identifier(SYSTEM, "C-1"), seconds=20))


async def test_the_gateway_tells_where_a_claim_stands() -> None:
    office = Office()
    since = "2026-11-01T08:00:00+00:00"
    told = {"id": "1", "event": "claim-request", "provider": HOSPITAL, "insurer": "payer:INS-2001"}
    told |= {"identifier": "C-1", "state": "held", "reason": "the insurer is away", "received": since}
    office.known[f"{SYSTEM}|C-1"] = [
        {**told, "changed": since, "attempts": [{"number": 1, "began": since}], "yet_unknown": True}
    ]
    async with at(office) as client:
        [found] = await client.exchanges(Identifier(SYSTEM, "C-1"))
        assert (found.state, found.attempts[0].ended) == ("held", None)
        assert await client.exchanges(Identifier(SYSTEM, "C-2")) == ()
        office.known[f"{SYSTEM}|C-1"] = "nothing"
        with pytest.raises(NotAnAnswer, match="cannot be read"):
            await client.exchanges(Identifier(SYSTEM, "C-1"))
        office.refusing = 401
        with pytest.raises(NotAnAnswer, match="HTTP 401"):
            await client.exchanges(Identifier(SYSTEM, "C-1"))


async def test_a_program_without_an_event_loop_does_the_same() -> None:
    office = Office()
    office.deposit("C-1", "C-2", "C-3")

    def work(url: str) -> list[str | None]:
        with BlockingProviderClient(url, HOSPITAL, Credentials(key="cgw_1")) as client:
            for message in client.poll(count=1):
                if message.about == "C-2":
                    break
            steps = client.follow(Identifier(SYSTEM, "C-3"), seconds=10)
            told = [step.message.about for step in steps]
            assert client.exchanges(Identifier(SYSTEM, "C-3")) == ()
            return told + [message.about for message in client.poll(count=1)]

    async with served(office.app) as url:
        assert await asyncio.to_thread(work, url) == ["C-3", "C-2"]


def test_a_blocking_client_that_cannot_begin_leaves_no_thread() -> None:
    threads = threading.active_count()
    with pytest.raises(ConfigurationError):
        BlockingProviderClient("nowhere", HOSPITAL)
    assert threading.active_count() == threads
