"""What is deleted when its time is over, what never is, and what is still said of it? On both databases."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from claimgw.clearinghouse.retention import Report, delete_due, survey
from claimgw.clearinghouse.upkeep import Upkeep
from claimgw.clock import ManualClock
from claimgw.store import alerts
from claimgw.store.backup import backup, restore
from claimgw.store.database import Database
from claimgw.store.ledger import ledger
from claimgw.store.retention import Kind
from claimgw.store.schema import upgrade
from claimgw.store.tables import arrival, body, body_gone, message
from tests.clearinghouse.catalogue.senders import an, naming
from tests.clearinghouse.scene import Scene, playing, until
from tests.clearinghouse.spoken import (
    CLAIM,
    START,
    complete,
    deferred,
    fresh,
    hanging_up,
    nested,
    polling,
    renamed,
)
from tests.cli.console import Terminal

DAY = 86_400.0
ALL: dict[Kind, int | None] = dict.fromkeys(Kind, 30)


async def delete(scene: Scene, days: Mapping[Kind, int | None] = ALL) -> dict[str, int]:
    """All that is due of a scene."""
    return await deleted(scene.gateway.database, scene.clock, days)


class _WithoutPauses(ManualClock):
    """One on which the pauses between the steps are over at once, however long a step takes."""

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)


async def deleted(
    database: Database, clock: ManualClock, days: Mapping[Kind, int | None] = ALL
) -> dict[str, int]:
    """All that is due, as a worker does it, and as it was announced: how many of each kind."""
    announced = await survey(database, days, clock.now())
    told = await delete_due(database, _WithoutPauses(clock.now()), days)
    assert _figures(announced) == _figures(told)
    return {one.kind.value: one.due for one in told if one.due}


def _figures(reports: Sequence[Report]) -> list[tuple[Kind, int, int, int]]:
    return [(one.kind, one.due, one.bytes, one.moving) for one in reports if one.days is not None]


async def counted(database: Database) -> list[int]:
    """Rows of bodies, of those that are gone, of messages and of arrivals; and the books balance."""
    async with database.read() as unit:
        found = await ledger(unit)
        assert found.balances, found.differences
        tables = (body, body_gone, message, arrival)
        return [await unit.scalar(select(func.count()).select_from(table)) for table in tables]


async def late(scene: Scene) -> bytes:
    """A claim whose answer comes after the session, and waits."""
    raw = fresh(CLAIM)
    await scene.send(raw)
    assert (await scene.gateway.post(deferred(raw), scene.insurer_key)).status_code == 200
    return raw


async def test_what_has_come_to_rest_goes_and_nothing_that_moves(address: str, tmp_path: Path) -> None:
    async with playing(address, complete, hanging_up) as scene:
        answered, poll = fresh(CLAIM), polling()
        await scene.send(answered)
        fetched = await late(scene)
        given = nested((await scene.gateway.post(poll, scene.key)).content)
        assert len(given) == 1
        waits, unknown = await late(scene), fresh(CLAIM)
        await scene.send(unknown)
        before = await counted(scene.gateway.database)
        scene.clock.advance(30 * DAY - 1)
        assert await delete(scene) == {}
        scene.clock.advance(2)
        # Answered in its session: two. Answered late: the claim, what was said meanwhile, the answer, its
        # acknowledgement.
        assert await delete(scene) == {"requests": 6, "polls": 1}
        bodies, gone, messages, arrivals = await counted(scene.gateway.database)
        assert [bodies + gone, gone, messages, arrivals] == [before[0], 7, before[2], before[3]]

        await told_that_it_is_gone(scene, answered)
        await told_that_it_is_gone(scene, fetched)
        assert nested((await scene.gateway.post(poll, scene.key)).content) == []
        assert len(nested((await scene.gateway.post(polling(), scene.key)).content)) == 1
        assert (await scene.gateway.post(waits, scene.key)).status_code == 200
        assert (await scene.gateway.post(unknown, scene.key)).status_code == 200

        # It has rested since it was fetched, not since it came.
        assert await delete(scene) == {}
        scene.clock.advance(30 * DAY + 1)
        assert await delete(scene) == {"requests": 4, "polls": 1}
        await copied(scene.gateway.database, tmp_path)


async def told_that_it_is_gone(scene: Scene, raw: bytes) -> None:
    """Whoever repeats it, and whoever asks where it stands; its ids stay used."""
    again = await scene.gateway.post(raw, scene.key)
    [issue] = again.json()["issue"]
    assert (again.status_code, issue["details"]["coding"][0]["code"]) == (410, "GE-00023")
    header = json.loads(raw)["entry"][0]["resource"]["id"]
    [told] = (
        await scene.gateway.client.get(
            "/exchanges", params={"identifier": header}, headers={"authorization": f"Bearer {scene.key}"}
        )
    ).json()
    assert told["state"] == "answered"
    assert told["content_deleted"].startswith(f"{scene.clock.now():%Y-%m-%d}")
    assert told["answers"][-1]["content_deleted"] == told["content_deleted"]


async def copied(database: Database, folder: Path) -> None:
    """A backup has what is left, and comes back."""
    await backup(database, folder / "backup.db", lambda *_: None)
    again = Database(f"sqlite:///{folder / 'again.db'}")
    await upgrade(again)
    await restore(again, folder / "backup.db", START, lambda *_: None)
    assert await counted(again) == await counted(database)
    await again.close()


async def test_refused_messages_and_notices_are_kinds_of_their_own(address: str) -> None:
    async with playing(address, complete) as scene:
        faulty = renamed(fresh(CLAIM)).replace(b'"status": "active"', b'"status": "active", "mood": "x"', 1)
        await scene.send(faulty)
        raw = fresh(CLAIM)
        await scene.send(raw)
        about_it, about_nothing = (
            an("communication-request", about=[naming(raw)]),
            an("communication-request"),
        )
        for question in (about_it, about_nothing):
            assert (await scene.gateway.post(question, scene.insurer_key)).status_code == 200
        scene.clock.advance(31 * DAY)
        assert await delete(scene, {Kind.REFUSED: 30, Kind.POLLS: None}) == {"refused": 4}
        assert await delete(scene, {Kind.NOTICES: 30}) == {}, "nobody has fetched it"
        assert len(nested((await scene.gateway.post(polling(), scene.key)).content)) == 1
        scene.clock.advance(31 * DAY)
        assert await delete(scene) == {"notices": 2, "requests": 2, "polls": 1}
        assert (await counted(scene.gateway.database))[0] == 0


async def test_alerts_go_that_ended_and_were_told_but_never_the_last_of_their_subject(
    database: Database, clock: ManualClock
) -> None:
    for text, subject in enumerate(("over", "over", "over", "goes on", "goes on", "untold")):
        async with database.write() as unit:
            await alerts.raise_alert(unit, alerts.Kind.DISK, subject, f"{text}", {}, clock.now())
            if text != 4:
                await alerts.end_alert(unit, alerts.Kind.DISK, subject, clock.now())
            if subject != "untold":
                known = await alerts.open_alerts(unit)
                await alerts.note_told(unit, [], [one for one in known if not one.present], clock.now())
        clock.advance(DAY)
    assert await deleted(database, clock, {Kind.ALERTS: None}) == {}
    assert await deleted(database, clock) == {}
    clock.advance(30 * DAY)
    assert await deleted(database, clock) == {"alerts": 2}
    async with database.read() as unit:
        assert [one.text for one in await alerts.latest_alerts(unit, 10)] == ["5", "4", "3", "2"]
    [report] = await survey(database, {Kind.ALERTS: 30}, clock.now())
    assert (report.moving, report.deleted) == (1, 2)
    assert report.oldest is not None
    assert report.oldest.date() == (clock.now() - timedelta(days=34)).date()
    async with database.write() as unit:  # its end is told at last, and it is the last of its subject
        untold = [one for one in await alerts.open_alerts(unit) if not one.present]
        await alerts.note_told(unit, [], untold, clock.now())
    assert await deleted(database, clock) == {}


async def test_a_worker_deletes_what_is_due_and_the_command_counts_it(sqlite: str) -> None:
    async with playing(sqlite, complete) as scene:
        for _ in range(2):
            await scene.gateway.post(polling(), scene.key)
        scene.clock.advance(31 * DAY)
        upkeep = Upkeep(scene.gateway.house.parts, ledger_seconds=300, days={Kind.POLLS: 30})
        looking = asyncio.create_task(upkeep.look())
        while not looking.done():
            await asyncio.sleep(0.001)
            scene.clock.advance(0.05)
        assert (await counted(scene.gateway.database))[:2] == [0, 2]
    await asyncio.to_thread(_counted_by_commands, Terminal(sqlite, CLAIMGW_KEEP_POLLS_DAYS="7"))


def _counted_by_commands(terminal: Terminal) -> None:
    told = {one["kind"]: one for one in terminal.read("retention")}
    assert (told["polls"]["days"], told["polls"]["due"], told["polls"]["deleted"]) == (7, 0, 2)
    assert (told["requests"]["days"], told["requests"]["oldest"]) == (None, None)
    assert "for ever" in terminal.type("retention")
    assert [one["kind"] for one in terminal.read("retention", "--apply")] == ["polls"]
    assert terminal.read("ledger")["balances"] is True


async def test_a_process_that_ends_breaks_off_between_two_steps(sqlite: str) -> None:
    async with playing(sqlite, complete) as scene:
        await scene.gateway.post(polling(), scene.key)
        scene.clock.advance(31 * DAY)
        upkeep = Upkeep(scene.gateway.house.parts, ledger_seconds=300, days={Kind.POLLS: 30})
        running = asyncio.create_task(upkeep.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        scene.clock.advance(300)

        async def begun() -> bool:
            return (await counted(scene.gateway.database))[1] == 1

        await until(begun)
        upkeep.stop()
        await asyncio.wait_for(running, timeout=5)


async def test_a_claim_that_may_have_arrived_is_kept_however_old_it_is(sqlite: str) -> None:
    async with playing(sqlite, hanging_up) as scene:
        await scene.send(fresh(CLAIM))
        scene.clock.advance(timedelta(days=4_000).total_seconds())
        assert await delete(scene) == {}
