"""Is what a client has not confirmed offered again, and nothing that it has? Providers that confirm."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from sqlalchemy import update

from claimgw.store import depths, mailbox, notices, participants, tables
from claimgw.store.lines import messages_of
from claimgw.store.overview import overview
from tests.clearinghouse.scene import Scene, playing
from tests.clearinghouse.spoken import CLAIM, Json, asking, deferred, fresh, hanging_up, nested, polling, tags
from tests.clearinghouse.test_polls import COUNT_100, post_unread, put
from tests.gateway import HOSPITAL, another_key, resource

WAIT = 300
MARK = "urn:claimgw:offered-before"


@asynccontextmanager
async def confirming(address: str) -> AsyncIterator[tuple[Scene, str]]:
    """The stage with a provider that confirms, and a second key of it."""
    async with playing(address, hanging_up, confirm_seconds=WAIT, poll_lease_seconds=60) as scene:
        async with scene.gateway.database.write() as unit:
            known = await participants.find_participant(unit, HOSPITAL)
            assert known is not None
            changed = replace(known, settings={"confirms": True})
            await participants.change_participant(unit, changed, scene.clock.now())
        other = await another_key(scene.gateway.database, HOSPITAL)
        scene.clock.advance(6)
        yield scene, other


async def given(scene: Scene, raw: bytes | None = None, key: str | None = None) -> tuple[list[bytes], Json]:
    """The messages of a poll, and its Task."""
    response = await scene.gateway.post(raw or polling(COUNT_100), key or scene.key)
    assert response.status_code == 200, response.text
    return nested(response.content), resource(response.json(), "Task")


def marks(task: Json) -> list[int | None]:
    """Of each message, how many polls are said to have had it before."""
    found = []
    for output in task.get("output", []):
        said = [row["valuePositiveInt"] for row in output["extension"] if row["url"] == MARK]
        found.append(said[0] if said else None)
    return found


async def test_what_no_later_poll_confirmed_is_offered_again_and_marked(address: str) -> None:
    async with confirming(address) as (scene, other):
        there = await put(scene)
        told, task = await given(scene)
        assert (told, marks(task)) == ([there], [None])
        scene.clock.advance(WAIT - 1)
        assert (await given(scene, key=other))[0] == []
        scene.clock.advance(2)
        told, task = await given(scene, key=other)
        assert (told, marks(task)) == ([there], [1])
        scene.clock.advance(WAIT + 1)
        told, task = await given(scene)
        assert (told, marks(task)) == ([there], [2])


async def test_a_later_poll_of_the_same_client_confirms_all_before_it(address: str) -> None:
    async with confirming(address) as (scene, _):
        first, second = await put(scene), await put(scene)
        for there in (first, second):
            scene.clock.advance(1)
            assert (await given(scene, polling()))[0] == [there]
        scene.clock.advance(1)
        assert (await given(scene))[0] == []
        scene.clock.advance(2 * WAIT)
        assert (await given(scene))[0] == []


async def test_the_poll_of_another_client_confirms_nothing(address: str) -> None:
    async with confirming(address) as (scene, other):
        there = await put(scene)
        assert (await given(scene))[0] == [there]
        scene.clock.advance(10)
        assert (await given(scene, key=other))[0] == []
        scene.clock.advance(WAIT)
        assert (await given(scene, key=other))[0] == [there]


async def test_the_same_poll_again_confirms_nothing_and_gives_more_time(address: str) -> None:
    async with confirming(address) as (scene, other):
        there, raw = await put(scene), polling(COUNT_100)
        first = (await scene.gateway.post(raw, scene.key)).content
        scene.clock.advance(WAIT - 10)
        assert (await scene.gateway.post(raw, scene.key)).content == first
        scene.clock.advance(WAIT - 10)
        assert (await given(scene, key=other))[0] == []
        scene.clock.advance(11)
        assert (await given(scene, key=other))[0] == [there]
        # Whoever has it since: the same poll is answered as it was, unmarked.
        assert (await scene.gateway.post(raw, scene.key)).content == first


async def test_a_marked_answer_is_rebuilt_with_its_mark(sqlite: str) -> None:
    async with confirming(sqlite) as (scene, other):
        await put(scene)
        await given(scene)
        scene.clock.advance(WAIT + 1)
        raw = polling(COUNT_100)
        marked = (await scene.gateway.post(raw, other)).content
        scene.clock.advance(WAIT + 1)
        assert marks((await given(scene))[1]) == [2]
        assert (await scene.gateway.post(raw, other)).content == marked


async def test_a_repeat_whose_answer_was_lost_is_offered_once_more(address: str) -> None:
    async with confirming(address) as (scene, other):
        there = await put(scene)
        await given(scene)
        scene.clock.advance(WAIT + 1)
        await post_unread(scene, polling())
        # Its own poll that was never written confirms neither the first delivery nor itself.
        scene.clock.advance(61)
        told, task = await given(scene, key=other)
        assert (told, marks(task)) == ([there], [2])


async def test_repeats_come_after_what_nobody_has_had(address: str) -> None:
    async with confirming(address) as (scene, _):
        lost = await put(scene)
        await given(scene)
        scene.clock.advance(WAIT + 1)
        new = await put(scene)
        told, task = await given(scene)
        assert (told, marks(task)) == ([new, lost], [None, 1])


async def test_the_tag_and_the_doorbell_count_what_is_to_be_offered_again(address: str) -> None:
    async with confirming(address) as (scene, other):
        await put(scene)
        await given(scene)
        for advanced, waits in ((WAIT - 1, False), (2, True)):
            scene.clock.advance(advanced)
            async with scene.gateway.database.read() as unit:
                newest = await mailbox.newest_waiting(unit, [HOSPITAL], scene.clock.now())
            assert (HOSPITAL in newest) is waits
            none = polling(asking("include-message-type", valueCode="priorauth-response"))
            response = await scene.gateway.post(none, other)
            assert tags(resource(response.json(), "MessageHeader")) == ["queued-messages"] * waits


async def test_who_does_not_confirm_is_given_nothing_twice(address: str) -> None:
    async with playing(address) as scene:
        there = await put(scene)
        assert await scene.poll() == [there]
        scene.clock.advance(100_000)
        assert await scene.poll() == []


async def test_four_pollers_with_filters_get_each_of_200_messages_once_and_none_starves(address: str) -> None:
    async with confirming(address) as (scene, _):
        keys = [await another_key(scene.gateway.database, HOSPITAL) for _ in range(4)]
        scene.clock.advance(6)
        there = [await put(scene, event=("claim-response", "priorauth-response")[n % 2]) for n in range(200)]
        ten = asking("count", valuePositiveInt=10)
        filters = [
            (ten, asking("include-message-type", valueCode="claim-response")),
            (ten, asking("include-message-type", valueCode="priorauth-response")),
            (ten, asking("exclude-message-type", valueCode="payment-reconciliation")),
            (ten,),
        ]
        found: list[list[bytes]] = [[] for _ in filters]
        while sum(map(len, found)) < len(there):
            scene.clock.advance(1)
            told = await asyncio.gather(
                *(scene.poll(polling(*inputs), key=key) for inputs, key in zip(filters, keys, strict=True))
            )
            assert any(told)
            for mine, new in zip(found, told, strict=True):
                mine += new
        assert sorted(raw for mine in found for raw in mine) == sorted(there)
        assert min(map(len, found)) >= 30


async def test_what_the_release_before_delivered_is_settled(address: str) -> None:
    """It knows of no confirmation, and may run beside this one."""
    async with confirming(address) as (scene, _):
        await put(scene)
        raw = polling(COUNT_100)
        await post_unread(scene, raw)
        async with scene.gateway.database.write() as unit:
            await unit.execute(
                update(tables.mailbox).values(delivered_at=scene.clock.now(), reserved_until=None)
            )
        scene.clock.advance(2 * WAIT)
        assert (await given(scene))[0] == []
        assert len((await given(scene, raw))[0]) == 1
        scene.clock.advance(2 * WAIT)
        assert (await given(scene))[0] == []


async def test_a_webhook_is_told_again_of_what_was_lost(address: str) -> None:
    async with confirming(address) as (scene, _):
        await put(scene)
        heeded = []
        async with scene.gateway.database.write() as unit:
            now = scene.clock.now()
            newest = await mailbox.newest_waiting(unit, [HOSPITAL], now)
            await notices.take(unit, HOSPITAL, newest[HOSPITAL], before=None, now=now)
        for step in (lambda: given(scene), lambda: scene.clock.advance(WAIT + 1)):
            if (pending := step()) is not None:
                await pending
            async with scene.gateway.database.read() as unit:
                told = await notices.last_notices(unit, [HOSPITAL], scene.clock.now())
            heeded.append(told[HOSPITAL].heeded)
        assert heeded == [True, False]


async def test_an_operator_sees_what_was_offered_again_and_who_has_it(address: str) -> None:
    async with confirming(address) as (scene, _):
        raw = fresh(CLAIM)
        await scene.send(raw)
        await scene.tell(deferred(raw, "complete"))
        exchange = await scene.exchange(raw)
        await given(scene)
        for advanced, waits, unconfirmed, offers in ((1, 0, 1, 1), (WAIT, 1, 0, 1), (0, 0, 1, 2)):
            scene.clock.advance(advanced)
            if offers == 2:
                await given(scene)
            now = scene.clock.now()
            async with scene.gateway.database.read() as unit:
                seen = await overview(unit, now=now, day_began=now)
                [late] = [kept for kept in await messages_of(unit, exchange.id) if kept.deposited]
                counted = [count for _, count, _ in await depths.mailboxes(unit, now)]
                open_ones = await depths.unconfirmed(unit)
            [box] = seen.boxes
            assert (box.waiting.count, box.unconfirmed.count) == (waits, unconfirmed)
            assert (late.offers, late.client, late.confirmed) == (offers, "test", False)
            assert (sum(counted), open_ones) == (waits, [(HOSPITAL, 1)])
        figures = (await scene.gateway.client.get("/metrics")).text
        assert f'claimgw_offered_again_total{{provider="{HOSPITAL}"}}' in figures
        assert f'claimgw_mailbox_unconfirmed{{provider="{HOSPITAL}"}} 1.0' in figures
