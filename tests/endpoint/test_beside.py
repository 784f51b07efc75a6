"""What becomes of a message that is too much for the event loop? Real processes, and the machine's clock."""

import asyncio
import os
import shutil
import signal
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from benchmarks.messages import claim
from campaigns.overload.memory import family
from claimgw.clearinghouse.beside.heavy import is_heavy
from claimgw.store import Database
from tests.clearinghouse.spoken import CLAIM, fresh, renamed
from tests.gateway import FALCON, FHIR, HOSPITAL, Gateway, parsed, register, resource, running

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.processes]

LARGE = claim(60, faulty=False)


@dataclass(frozen=True)
class House:
    """A gateway that is alone on the machine's clock, and the hospital's key."""

    gateway: Gateway
    key: str

    async def told(self, raw: bytes) -> str:
        """The outcome of the claim, or the HTTP status."""
        answer = await self.gateway.post(raw, self.key)
        if answer.status_code != 200:
            return f"{answer.status_code}"
        return str(resource(parsed(answer), "ClaimResponse")["outcome"])

    async def counted(self) -> list[float]:
        """Claims that were accepted, and sessions of claims, as /metrics has them."""
        figures = (await self.gateway.client.get("/metrics")).text
        counts = dict(line.rsplit(" ", 1) for line in figures.splitlines() if not line.startswith("#"))
        accepted = 'claimgw_messages_total{event="claim-request",verdict="accepted"}'
        sessions = 'claimgw_session_seconds_count{event="claim-request"}'
        return [float(counts.get(name, "0")) for name in (accepted, sessions)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[House]:
    file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("beside") / "claimgw.db")
    database = Database(f"sqlite:///{file}")
    key = await register(database, HOSPITAL)
    await register(database, FALCON)
    await database.close()
    async with running(f"sqlite:///{file}", worker=False, console=False) as gateway:
        yield House(gateway, key)
    assert beside() == []


def beside() -> list[int]:
    """The processes that were started for large messages and have not ended."""
    _, *others = family(os.getpid())
    return [pid for _, pid in others if b"beside" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def another(raw: bytes) -> bytes:
    """The same claim as a new one."""
    return renamed(raw).replace(b'"CLM-2026-03101"', f'"CLM-{uuid.uuid4()}"'.encode())


async def test_what_is_heavy_is_told_by_its_bytes_and_by_what_they_hold() -> None:
    assert not is_heavy(fresh(CLAIM))
    assert is_heavy(LARGE)
    assert is_heavy(b'{"a":' * 1301)
    assert is_heavy(b" " * 65_537)


async def test_a_small_message_starts_no_other_process(house: House) -> None:
    before = beside()
    assert await house.told(fresh(CLAIM)) == "complete"
    assert beside() == before


async def test_a_large_claim_is_answered_by_its_insurer_as_a_small_one_is(house: House) -> None:
    # However much memory this process has: that is not what the other has grown to.
    held = b"1" * 400_000_000
    assert await house.told(another(LARGE)) == "complete"
    del held
    assert len(beside()) == 1


async def test_the_other_process_is_kept_while_it_is_small(house: House) -> None:
    [pid] = beside()
    assert await house.told(another(LARGE)) == "complete"
    assert beside() == [pid]


async def test_a_large_message_is_validated_there_and_what_is_no_message_refused(house: House) -> None:
    headers = {**FHIR, "authorization": f"Bearer {house.key}"}
    told = await house.gateway.client.post("/$validate", content=claim(60, faulty=True), headers=headers)
    assert len([one for one in parsed(told)["issue"] if one["severity"] == "error"]) == 6
    assert await house.told(b"[" * 70_000) == "400"


async def test_what_is_counted_there_is_shown_with_what_is_counted_here(house: House) -> None:
    before = await house.counted()
    for raw in (fresh(CLAIM), another(LARGE)):
        assert await house.told(raw) == "complete"
    assert [after - earlier for earlier, after in zip(before, await house.counted(), strict=True)] == [2, 2]


async def test_a_process_that_dies_takes_no_other_with_it_and_is_replaced(house: House) -> None:
    assert await house.told(another(LARGE)) == "complete"
    [pid] = beside()
    lost = asyncio.create_task(house.told(another(LARGE)))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    assert await lost in ("503", "complete")
    assert await house.told(another(LARGE)) == "complete"
    assert len(beside()) == 1
