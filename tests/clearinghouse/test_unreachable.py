"""What if the insurer cannot be reached, is not trusted, or the attempt is left open?"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from claimgw.clearinghouse.delivery.outcomes import Heard, Outcome
from claimgw.store.records import State
from tests.clearinghouse.scene import GRACE, Scene, playing
from tests.clearinghouse.spoken import (
    CLAIM,
    complete,
    fresh,
)
from tests.clearinghouse.story import check_the_records, check_what_was_heard, sent_again
from tests.insurers.peers import Goodbye, Talk, peer, unused_port


@contextmanager
def full_backlog() -> Iterator[str]:
    """A port that takes no further connection: the kernel drops what exceeds the queue nobody empties."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/$process-message"
        finally:
            for client in waiting:
                client.close()


UNREACHABLE: dict[Outcome, Callable[[], AbstractContextManager[str]]] = {
    Outcome.REFUSED: lambda: nullcontext(f"http://127.0.0.1:{unused_port()}/"),
    Outcome.UNRESOLVED: lambda: nullcontext("http://insurer.invalid/"),
    Outcome.CONNECT_TIMEOUT: full_backlog,
}


@pytest.mark.parametrize("outcome", UNREACHABLE)
async def test_an_insurer_that_cannot_be_reached_gets_the_same_bytes_later(
    outcome: Outcome, sqlite: str
) -> None:
    with UNREACHABLE[outcome]() as endpoint:
        limits = {"connect_seconds": 0.2}
        async with playing(sqlite, complete, endpoint=endpoint, participant=limits) as scene:
            await moved_later(scene, outcome)


CERTIFICATES = ("expired", "wrong host", "unknown authority")


@asynccontextmanager
async def untrusted(which: str, folder: Path) -> AsyncIterator[tuple[str, Path]]:
    """An insurer with such a certificate: its address, and the authorities that are trusted."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate = {
        "expired": lambda: ca.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)),
        "wrong host": lambda: ca.issue_cert("other.example"),
        "unknown authority": lambda: trustme.CA().issue_cert("127.0.0.1"),
    }[which]()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    async def nobody(talk: Talk) -> None:
        raise AssertionError("a message went out over a connection that is not trusted")

    async with peer(nobody, context) as server:
        yield server.address, folder / "ca.pem"


@pytest.mark.parametrize("which", CERTIFICATES)
async def test_an_insurer_with_a_bad_certificate_is_sent_nothing(
    which: str, sqlite: str, tmp_path: Path
) -> None:
    async with untrusted(which, tmp_path) as (endpoint, authority):
        limits = {"authority": str(authority)}
        async with playing(sqlite, complete, endpoint=endpoint, participant=limits) as scene:
            await moved_later(scene, Outcome.TLS_FAULT, authority=None)


async def moved_later(scene: Scene, outcome: Outcome, **settings: Any) -> None:
    """The claim fails, the insurer's address is mended, and the claim arrives."""
    raw = fresh(CLAIM)
    body, told = await scene.send(raw)
    check_what_was_heard(Heard.PENDED, body, told, scene)
    await check_the_records(scene, raw, outcome)
    await scene.move(scene.address, **settings)
    last = await sent_again(scene, raw)
    assert scene.insurer.received == [raw]
    assert await scene.poll() == [last]


async def test_an_insurer_without_a_connection_is_waited_for(sqlite: str) -> None:
    async with playing(sqlite, complete, participant={"authority": "/nowhere.pem"}) as scene:
        await moved_later(scene, Outcome.PAUSED, authority=None)


async def test_an_attempt_nobody_closed_is_unknown_and_gets_the_grace(sqlite: str) -> None:
    the_end = asyncio.Event()

    async def hanging(talk: Talk, _: bytes) -> None:
        await the_end.wait()
        await talk.leave(Goodbye.CLOSE)

    async with playing(sqlite, hanging, complete) as scene:
        raw = fresh(CLAIM)
        await scene.abandoned(raw)
        held, [made] = await scene.exchange(raw), await scene.attempts(raw)
        assert (held.state, made.outcome) == (State.UNCONFIRMED, "abandoned")
        assert held.due_at == scene.clock.now() + timedelta(seconds=GRACE)
        last = await sent_again(scene, raw)
        assert scene.insurer.received == [raw, raw]
        assert await scene.poll() == [last]
        the_end.set()
