"""What do providers and their insurer notice of an outage? Nothing is sent, nothing is lost, all in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import structlog

from claimgw.clearinghouse.delivery.breakers import Breakers
from claimgw.clearinghouse.delivery.outcomes import Outcome
from claimgw.ids import new_id
from claimgw.store.breakers import Circuit, Position, find_circuit
from claimgw.store.database import Database
from claimgw.store.records import Attempt, State
from tests.clearinghouse.catalogue.senders import an, checking
from tests.clearinghouse.scene import Scene, playing, until
from tests.clearinghouse.spoken import CLAIM, Play, complete, fresh, says
from tests.gateway import FALCON, Gateway, resource, running
from tests.insurers.peers import Talk, answer, peer

SETTINGS = {"breaker": {"least_failures": 3, "probe_seconds": 30}}
DOWN, BROKEN = says(b"", "429 Busy"), says(b"", "500 No")


@dataclass
class Switch:
    """An insurer that is there or is not; `health` are the looks at its availability endpoint."""

    up: bool = False
    healthy: bool = False
    health: int = 0
    down: Play = field(default=DOWN)

    async def play(self, talk: Talk, raw: bytes) -> bytes | None:
        return await (complete if self.up else self.down)(talk, raw)

    async def tell(self, talk: Talk) -> None:
        while True:
            await talk.request()
            self.health += 1
            await talk.send(answer(b"", "200 OK" if self.healthy else "503 No"))


async def circuit(gateway: Gateway) -> Circuit | None:
    async with gateway.database.read() as unit:
        return await find_circuit(unit, FALCON)


async def kept(gateway: Gateway) -> Circuit:
    held = await circuit(gateway)
    assert held is not None
    return held


async def stands(gateway: Gateway, state: Position) -> None:
    """Wait until the breaker has that state."""

    async def there() -> bool:
        held = await circuit(gateway)
        return held is not None and held.state is state

    await until(there)


async def break_down(scene: Scene) -> list[bytes]:
    """As many claims as it takes to open the breaker."""
    claims = [fresh(CLAIM) for _ in range(3)]
    for claim in claims:
        await scene.send(claim)
        scene.clock.advance(0.5)
    await stands(scene.gateway, Position.OPEN)
    return claims


@asynccontextmanager
async def at_work(scene: Scene) -> AsyncIterator[None]:
    """The worker's loop runs."""
    worker = scene.gateway.house.worker
    loop = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await worker.stop(5)
        await loop


async def probed(scene: Scene) -> None:
    """It is time to probe, and the probe is over."""
    before = await circuit(scene.gateway)
    assert before is not None
    scene.clock.advance(31)
    await scene.gateway.house.worker.look()

    async def over() -> bool:
        now = await circuit(scene.gateway)
        return now is not None and now.revision >= before.revision + 2

    await until(over)


async def test_an_insurer_that_is_down_is_sent_nothing_and_claims_are_pended_at_once(address: str) -> None:
    switch = Switch()
    async with playing(address, switch.play, participant=SETTINGS) as scene:
        await break_down(scene)
        raw = fresh(CLAIM)
        _, told = await scene.send(raw)
        assert resource(told, "ClaimResponse")["outcome"] == "queued"
        assert len(scene.insurer.received) == 3
        assert await scene.attempts(raw) == []
        held = await scene.exchange(raw)
        assert (held.state, held.due_at) == (State.HELD, held.created_at)
        assert held.reason.startswith("taken for down since 2026-11-01 08:00 UTC: HTTP 408, 425 or 429")
        assert await scene.work() == 0
        # The same claim again gets the same answer, as ever.
        assert (await scene.send(raw))[1] == told


@pytest.mark.parametrize("event", ["eligibility-request", "status-check"])
async def test_what_may_not_wait_is_answered_without_a_call(event: str, sqlite: str) -> None:
    switch = Switch()
    async with playing(sqlite, switch.play, participant=SETTINGS) as scene:
        claims = await break_down(scene)
        raw = an(event) if event != "status-check" else checking(claims[0])
        await scene.send(raw)
        assert b"GE-00012" in (await scene.send(raw))[0]
        assert len(scene.insurer.received) == 3


async def test_a_failing_probe_leaves_everything_in_its_place(sqlite: str) -> None:
    switch = Switch()
    async with playing(sqlite, switch.play, participant=SETTINGS) as scene:
        claims = await break_down(scene)
        since = (await kept(scene.gateway)).since
        for number in range(1, 4):
            await probed(scene)
            assert scene.insurer.received[3:] == claims[:1] * number
            held = await circuit(scene.gateway)
            assert held is not None
            assert (held.state, held.since, held.opened, held.prober) == (Position.OPEN, since, 1, None)
        assert [(await scene.exchange(raw)).due_at for raw in claims] == [
            (await scene.exchange(raw)).created_at for raw in claims
        ]


async def test_a_message_that_its_insurer_cannot_digest_does_not_keep_the_breaker_open(sqlite: str) -> None:
    switch = Switch()
    async with playing(sqlite, switch.play, participant=SETTINGS) as scene:
        claims = await break_down(scene)
        scene.insurer.plays = [says(b"", "413 Too Large")]
        await probed(scene)
        await stands(scene.gateway, Position.OPEN)
        scene.insurer.plays = [complete]
        await probed(scene)
        await stands(scene.gateway, Position.CLOSED)
        assert scene.insurer.received[3:] == claims[:2]


async def test_an_insurer_that_is_back_gets_all_in_order_and_new_claims_go_straight_through(
    address: str,
) -> None:
    switch = Switch()
    limits = {**SETTINGS, "most_in_flight": 1}
    async with playing(address, switch.play, participant=limits) as scene:
        claims = await break_down(scene)
        for _ in range(9):
            claims.append(fresh(CLAIM))
            await scene.send(claims[-1])
            scene.clock.advance(0.1)
        switch.up = True
        await probed(scene)
        await stands(scene.gateway, Position.CLOSED)
        new = fresh(CLAIM)
        assert resource((await scene.send(new))[1], "ClaimResponse")["outcome"] == "complete"
        sent = len(scene.insurer.received)
        assert sent <= 6  # what failed, the probe, the new one, and one of the backlog at most
        async with at_work(scene):

            async def empty() -> bool:
                states = {(await scene.exchange(raw)).state for raw in claims}
                return states == {State.ANSWERED}

            await until(empty)
        came = [raw for raw in scene.insurer.received[3:] if raw != new]
        assert came == claims


async def test_the_availability_endpoint_is_asked_before_a_message_is(sqlite: str) -> None:
    switch = Switch()
    async with peer(switch.tell) as endpoint:
        health = {**SETTINGS, "health_endpoint": f"http://127.0.0.1:{endpoint.port}/up"}
        async with playing(sqlite, switch.play, participant=health) as scene:
            await break_down(scene)
            await probed(scene)
            assert (switch.health, len(scene.insurer.received)) == (1, 3)
            held = await circuit(scene.gateway)
            assert held is not None
            assert held.reason == "its availability endpoint answered 503"
            # It says that it is there, and is not: the breaker stays open, and nobody is told otherwise.
            switch.healthy = True
            await probed(scene)
            assert (switch.health, len(scene.insurer.received)) == (2, 4)
            await stands(scene.gateway, Position.OPEN)
            switch.up = True
            await probed(scene)
            await stands(scene.gateway, Position.CLOSED)
            assert (switch.health, len(scene.insurer.received)) == (3, 5)


async def test_a_lane_that_holds_nothing_closes_by_its_availability_endpoint(sqlite: str) -> None:
    switch = Switch(healthy=True, down=BROKEN)
    async with peer(switch.tell) as endpoint:
        health = {**SETTINGS, "health_endpoint": f"http://127.0.0.1:{endpoint.port}/up"}
        async with playing(sqlite, switch.play, participant=health) as scene:
            # They may have arrived, and are not sent again before the grace has gone by.
            await break_down(scene)
            await probed(scene)
            await stands(scene.gateway, Position.CLOSED)
            assert len(scene.insurer.received) == 3


async def test_every_node_knows_within_a_look_at_the_registry(address: str) -> None:
    switch = Switch()
    async with (
        playing(address, switch.play, participant=SETTINGS) as scene,
        running(address, clock=scene.clock, worker=False, console=False) as other,
    ):
        raw = fresh(CLAIM)
        await break_down(scene)
        scene.clock.advance(2.1)
        assert resource((await other.post(raw, scene.key)).json(), "ClaimResponse")["outcome"] == "queued"
        assert len(scene.insurer.received) == 3
        switch.up = True
        await probed(scene)
        await stands(other, Position.CLOSED)
        scene.clock.advance(2.1)
        answered = await other.post(fresh(CLAIM), scene.key)
        assert resource(answered.json(), "ClaimResponse")["outcome"] == "complete"


async def test_one_node_probes_at_a_time_and_another_when_it_has_died(address: str) -> None:
    switch = Switch()
    async with playing(address, switch.play, participant=SETTINGS) as scene:
        await break_down(scene)
        scene.clock.advance(30)
        insurer = (await scene.gateway.house.parts.registry.current()).participant(FALCON)
        assert insurer is not None
        databases = [
            Database(scene.gateway.database.url.render_as_string(hide_password=False)) for _ in "abcd"
        ]
        nodes = [Breakers(database, scene.clock) for database in databases]
        probing = [node.begin_probe(insurer, f"node-{n}", 60) for n, node in enumerate(nodes)]
        [won] = [held for held in await asyncio.gather(*probing) if held is not None]
        scene.clock.advance(59)
        assert await nodes[0].begin_probe(insurer, "node-0", 60) is None
        scene.clock.advance(1)
        again = await nodes[1].begin_probe(insurer, "node-1", 60)
        assert again is not None
        # What the first finds out now comes too late.
        await nodes[0].end_probe(insurer, won, None)
        assert (await kept(scene.gateway)).prober == "node-1"
        await nodes[1].end_probe(insurer, again, None)
        await stands(scene.gateway, Position.CLOSED)
        for database in databases:
            await database.close()


async def test_what_began_before_the_insurer_was_back_does_not_count(sqlite: str) -> None:
    switch = Switch()
    async with playing(sqlite, switch.play, participant=SETTINGS) as scene:
        await break_down(scene)
        began = scene.clock.now()
        switch.up = True
        await probed(scene)
        parts = scene.gateway.house.parts
        registry = await parts.registry.current()
        insurer = registry.participant(FALCON)
        assert insurer is not None
        for number in range(5):
            attempt = Attempt(new_id(began), "an exchange", number, "node-1", began)
            await parts.breakers.learn(insurer, registry, Outcome.SILENT, attempt)
        await stands(scene.gateway, Position.CLOSED)


async def test_the_row_is_written_when_the_state_changes_and_not_by_messages(address: str) -> None:
    switch = Switch()
    async with playing(address, switch.play, participant=SETTINGS) as scene:
        await break_down(scene)
        for _ in range(5):
            await scene.send(fresh(CLAIM))
        assert (await kept(scene.gateway)).revision == 1
        switch.up = True
        await probed(scene)
        for _ in range(5):
            await scene.send(fresh(CLAIM))
        assert (await kept(scene.gateway)).revision == 3


async def test_four_days_away_and_everything_comes_in_order_after_it_is_back(address: str) -> None:
    switch = Switch()
    async with peer(switch.tell) as endpoint:
        health = f"http://127.0.0.1:{endpoint.port}/up"
        limits = {"breaker": {"probe_seconds": 600}, "health_endpoint": health, "most_in_flight": 1}
        with structlog.testing.capture_logs() as lines:
            async with playing(address, switch.play, participant=limits) as scene, at_work(scene):
                claims = [fresh(CLAIM) for _ in range(40)]
                for number, claim in enumerate(claims):
                    await scene.send(claim)
                    # A claim every two seconds at first, and then one every three hours: four days.
                    scene.clock.advance(2 if number < 10 else 11_500)
                    await asyncio.sleep(0.002)
                calls = len(scene.insurer.received)
                switch.up = switch.healthy = True

                async def back() -> bool:
                    # A clock that ran on would end the leases of what is under way.
                    state = (await kept(scene.gateway)).state
                    if state is Position.OPEN:
                        scene.clock.advance(60)
                    return state is Position.CLOSED

                await until(back)
                for count in range(10, len(claims) + 1, 10):

                    async def received(count: int = count) -> bool:
                        return len(scene.insurer.received) >= calls + count

                    await until(received)
                await until(scene._idle)
                assert {(await scene.exchange(raw)).state for raw in claims} == {State.ANSWERED}
        assert scene.insurer.received[calls:] == claims
        assert calls <= 10  # what it took to find out
        assert switch.health >= 10
        changes = [line["state"] for line in lines if line.get("action") == "breaker"]
        told = [state for n, state in enumerate(changes) if n == 0 or state != changes[n - 1]]
        assert told == [Position.OPEN, Position.CLOSED]
