"""Is the process alive, ready, and what has it counted?"""

from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as families
from sqlalchemy import text

from claimgw.store import pauses
from tests.clearinghouse.spoken import CLAIM, deferred, fresh
from tests.endpoint.doors import Doors, open_doors, without_store
from tests.gateway import FALCON, HOSPITAL


async def test_a_process_that_answers_is_alive(doors: Doors) -> None:
    response = await doors.gateway.client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "live"})


async def test_a_gateway_with_its_tables_is_ready(address: str) -> None:
    async with open_doors(address) as doors:
        response = await doors.gateway.client.get("/health/ready")
        assert response.status_code == 200
        assert response.json()["status"] == "ready"


async def test_a_gateway_without_its_database_is_alive_and_not_ready(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    async with open_doors(f"sqlite:///{folder / 'claimgw.db'}") as doors:
        client = doors.gateway.client
        paths = ("/health/live", "/health/ready", "/metrics")

        async def ask() -> list[httpx.Response]:
            return [await client.get(path) for path in paths]

        live, ready, metrics = await without_store(doors, folder, ask)
        assert live.status_code == 200
        assert (ready.status_code, ready.json()["status"]) == (503, "unready")
        assert metrics.status_code == 503
        assert (await client.get("/health/ready")).status_code == 200


async def test_a_gateway_with_the_tables_of_another_release_is_not_ready(sqlite: str) -> None:
    async with open_doors(sqlite) as doors:
        async with doors.gateway.database.write() as unit:
            await unit.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        ready = await doors.gateway.client.get("/health/ready")
        assert ready.status_code == 503
        assert "claimgw db upgrade" in ready.json()["reason"]


async def figures(doors: Doors) -> dict[str, dict[tuple[str, ...], float]]:
    response = await doors.gateway.client.get("/metrics")
    assert response.status_code == 200
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in families(response.text)
    }


async def test_depths_are_read_from_the_store(address: str) -> None:
    async with open_doors(address) as doors:
        async with doors.gateway.database.write() as unit:
            await pauses.set_pause(unit, pauses.Pause(FALCON, "a test", doors.clock.now(), "test"))
        first, second = fresh(CLAIM), fresh(CLAIM)
        for raw in (first, second):
            await doors.gateway.post(raw, doors.key)
        await doors.gateway.post(deferred(first), doors.keys[FALCON])
        doors.clock.advance(90)
        told = await figures(doors)
        assert told["claimgw_exchanges"] == {(FALCON, "held"): 1}
        assert told["claimgw_mailbox"] == {(HOSPITAL,): 1}
        assert told["claimgw_mailbox_oldest_seconds"] == {(HOSPITAL,): 90}
        assert told["claimgw_attempts_open"] == {}


async def test_attempts_and_messages_are_counted(doors: Doors) -> None:
    async def counted() -> tuple[float, float]:
        told = await figures(doors)
        attempts = told.get("claimgw_attempts", {}).get((FALCON, "complete"), 0.0)
        return attempts, told.get("claimgw_messages", {}).get(("claim-request", "accepted"), 0.0)

    before = await counted()
    await doors.gateway.post(fresh(CLAIM), doors.key)
    after = await counted()
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)


@pytest.mark.parametrize("word", ["Rakan", "1098765401", "CLM-"])
async def test_figures_hold_nothing_of_a_message(word: str, doors: Doors) -> None:
    await doors.gateway.post(fresh(CLAIM), doors.key)
    assert word not in (await doors.gateway.client.get("/metrics")).text


async def test_figures_on_an_address_of_their_own_are_not_at_the_door(sqlite: str) -> None:
    async with open_doors(sqlite, metrics_host="127.0.0.1") as doors:
        assert (await doors.gateway.client.get("/metrics")).status_code == 404
