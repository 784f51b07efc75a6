"""Is a provider's webhook told that something waits, by one process, once, signed, and without content?"""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from claimgw.access.webhooks import new_secret, signed
from claimgw.endpoint.mailbox.webhooks import Webhooks, is_due
from claimgw.store import participants
from claimgw.store.notices import Notice
from tests.clearinghouse.scene import until
from tests.clearinghouse.spoken import START, asking, polling
from tests.endpoint.doors import Doors, open_doors
from tests.endpoint.test_mailbox_events import late_answer
from tests.gateway import HOSPITAL, parsed
from tests.served import served

SECRET = new_secret()


@dataclass
class Receiver:
    """A provider's server: it keeps what it is sent, and answers in turn, the last one for ever."""

    statuses: list[int]
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._turn: Iterator[int] = chain(self.statuses, repeat(self.statuses[-1]))

    async def take(self, request: Request) -> Response:
        self.received.append((dict(request.headers), await request.body()))
        return Response(b"x" * 1000, next(self._turn), headers={"location": "/elsewhere"})

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.take, methods=["POST", "GET"])])


@dataclass
class Stage:
    doors: Doors
    receiver: Receiver
    webhooks: Webhooks

    async def look(self) -> int:
        """One look, and what it began has come to its first answer."""
        before = len(self.receiver.received)
        begun = await self.webhooks.look()
        if begun:
            await self.heard(before + 1)
        return begun

    async def heard(self, count: int) -> None:
        """So many notices have come in."""

        async def enough() -> bool:
            return len(self.receiver.received) >= count

        await until(enough)

    async def poll(self, count: int = 100) -> None:
        """The provider polls, once its mailbox has been written to."""
        raw = polling(asking("count", valuePositiveInt=count))
        parsed(await self.doors.gateway.post(raw, self.doors.key))


def webhooks(doors: Doors) -> Webhooks:
    return Webhooks(doors.gateway.database, doors.clock, look_seconds=2, again_seconds=900)


async def change(doors: Doors, settings: dict[str, Any]) -> None:
    async with doors.gateway.database.write() as unit:
        known = await participants.find_participant(unit, HOSPITAL)
        assert known is not None
        changed = {name: getattr(known, name) for name in known.__slots__} | {"settings": settings}
        await participants.change_participant(unit, participants.ParticipantRecord(**changed), START)


@asynccontextmanager
async def stage(address: str, *statuses: int) -> AsyncIterator[Stage]:
    """A hospital with a webhook, and the loop of notices in our hands."""
    receiver = Receiver(list(statuses) or [200])
    async with served(receiver.app) as base, open_doors(address) as doors:
        await change(doors, {"webhook": f"{base}/claims?for=7", "webhook_secret": SECRET})
        telling = webhooks(doors)
        try:
            yield Stage(doors, receiver, telling)
        finally:
            telling.stop()
            await telling.run()


async def test_a_provider_is_told_once_until_it_has_polled(address: str) -> None:
    async with stage(address) as on:
        assert await on.look() == 0
        await late_answer(on.doors)
        assert await on.look() == 1
        on.doors.clock.advance(1)
        await late_answer(on.doors)
        assert await on.look() == 0
        await on.poll()
        assert await on.look() == 0
        on.doors.clock.advance(1)
        await late_answer(on.doors)
        assert await on.look() == 1
        assert len(on.receiver.received) == 2


async def test_a_notice_is_signed_and_says_nothing_of_any_message(sqlite: str) -> None:
    async with stage(sqlite) as on:
        await late_answer(on.doors)
        await on.look()
        [(headers, body)] = on.receiver.received
    at = START.isoformat()
    assert json.loads(body) == {"type": "mailbox.not-empty", "provider": HOSPITAL, "at": at}
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-timestamp"] == str(int(START.timestamp()))


def test_a_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks specification."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    moment = START.fromtimestamp(1614265330, tz=START.tzinfo)
    headers = signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_a_provider_that_does_not_poll_is_told_again_after_a_while(sqlite: str) -> None:
    async with stage(sqlite) as on:
        await late_answer(on.doors)
        assert await on.look() == 1
        on.doors.clock.advance(899)
        assert await on.look() == 0
        on.doors.clock.advance(1)
        assert await on.look() == 1
        first, second = (headers["webhook-id"] for headers, _ in on.receiver.received)
        assert first != second


async def test_two_processes_tell_once(address: str) -> None:
    async with stage(address) as on:
        await late_answer(on.doors)
        other = webhooks(on.doors)
        assert sorted([await on.webhooks.look(), await other.look()]) == [0, 1]
        await on.heard(1)
        other.stop()
        await other.run()
        assert len(on.receiver.received) == 1


@pytest.mark.parametrize("status", [500, 404, 307])
async def test_a_notice_that_is_not_taken_is_sent_again_as_it_was(status: int, sqlite: str) -> None:
    """A redirect is not followed either."""
    async with stage(sqlite, status, 204) as on:
        await late_answer(on.doors)
        await on.look()
        await until_sent_again(on, 2)
        first, second = on.receiver.received
        assert first[1] == second[1]
        assert first[0]["webhook-id"] == second[0]["webhook-id"]
        assert first[0]["webhook-timestamp"] < second[0]["webhook-timestamp"]


async def until_sent_again(on: Stage, count: int) -> None:
    async def sent() -> bool:
        on.doors.clock.advance(1)
        return len(on.receiver.received) >= count

    await until(sent)


async def test_nobody_is_told_of_what_was_polled_meanwhile(sqlite: str) -> None:
    async with stage(sqlite, 500) as on:
        await late_answer(on.doors)
        await on.look()
        await on.poll()
        on.doors.clock.advance(5)

        async def told_anew() -> bool:
            return await on.webhooks.look() == 1

        # The next notice is begun once the first is over.
        await late_answer(on.doors)
        await until(told_anew)
        await on.heard(2)
        first, second = (headers["webhook-id"] for headers, _ in on.receiver.received)
        assert first != second


async def test_a_server_that_is_not_there_stops_nobody_and_is_no_secret_in_the_log(sqlite: str) -> None:
    async with stage(sqlite) as on:
        await change(on.doors, {"webhook": "http://127.0.0.1:9/token-7", "webhook_secret": SECRET})
        await late_answer(on.doors)

        async def given_up() -> bool:
            on.doors.clock.advance(10)
            return any(line["event"] == "a webhook took no notice" for line in lines)

        with structlog.testing.capture_logs() as lines:
            assert await on.webhooks.look() == 1
            await until(given_up)
        assert sum(line["event"] == "a webhook did not take a notice" for line in lines) == 4
        assert "token-7" not in str(lines)


async def test_who_is_blocked_or_has_no_webhook_is_not_told(sqlite: str) -> None:
    async with stage(sqlite) as on:
        await late_answer(on.doors)
        async with on.doors.gateway.database.write() as unit:
            await participants.block_participant(unit, HOSPITAL, "a test", START)
        assert await on.webhooks.look() == 0
        async with on.doors.gateway.database.write() as unit:
            await participants.unblock_participant(unit, HOSPITAL, START)
        await change(on.doors, {})
        assert await on.webhooks.look() == 0


async def test_a_process_that_delivers_tells_by_itself(sqlite: str) -> None:
    receiver = Receiver([200])
    async with served(receiver.app) as base, open_doors(sqlite, worker=True) as doors:
        await change(doors, {"webhook": base, "webhook_secret": SECRET})
        # Its worker has read the registry before anybody was registered.
        doors.clock.advance(3)
        await late_answer(doors)

        async def told() -> bool:
            return bool(receiver.received)

        await until(told)


@pytest.mark.parametrize(
    ("told_before", "heeded", "due"), [(899, False, False), (900, False, True), (1, True, True)]
)
def test_when_a_notice_is_due(told_before: int, heeded: bool, due: bool) -> None:
    before = Notice(HOSPITAL, "an id", START - timedelta(seconds=told_before), heeded)
    assert is_due(before, START, timedelta(seconds=900)) is due
    assert is_due(None, START, timedelta(seconds=900))
