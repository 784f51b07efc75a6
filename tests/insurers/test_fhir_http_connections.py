"""How does the adapter get, keep and leave its connections, and what can stop it before anything is sent?"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from claimgw.clock import ManualClock, SystemClock
from claimgw.errors import ConfigurationError
from claimgw.insurers import fhir_http
from claimgw.insurers.spi import (
    Answered,
    Connection,
    Health,
    NotSent,
    NotSentFault,
    Tls,
    Unanswered,
    find_adapter,
)
from tests.insurers.peers import JSON, Talk, answer, insurer, no_door, peer, unused_port


async def _echo(talk: Talk) -> None:
    """Answer each request of the connection with its own body, until the other side leaves."""
    while True:
        request = await talk.request()
        await talk.send(answer(request.partition(b"\r\n\r\n")[2]))


async def test_the_adapter_is_found_by_its_name() -> None:
    assert find_adapter("fhir-http") is fhir_http.adapter


async def test_one_connection_serves_one_message_after_the_other(clock: ManualClock) -> None:
    async with peer(_echo) as there, insurer(there.address, clock) as adapter:
        for number in range(5):
            body = b"%d" % number
            assert await adapter.deliver(body, seconds=5) == Answered(200, body, JSON)
    assert len(there.talks) == 1


async def test_fifty_messages_at_once_keep_their_own_answers_within_the_limit(clock: ManualClock) -> None:
    async with peer(_echo) as there, insurer(there.address, clock, most_connections=8) as adapter:
        bodies = [b"%d" % number * 2000 for number in range(50)]
        replies = await asyncio.gather(*(adapter.deliver(body, seconds=10) for body in bodies))
    assert replies == [Answered(200, body, JSON) for body in bodies]
    assert len(there.talks) <= 8


async def test_a_message_for_which_no_connection_became_free_was_not_sent(clock: ManualClock) -> None:
    busy = asyncio.Event()

    async def script(talk: Talk) -> None:
        await talk.request()
        busy.set()
        await talk.gone()

    async with peer(script) as there, insurer(there.address, clock, most_connections=1) as adapter:
        first = asyncio.create_task(adapter.deliver(b"first", seconds=5))
        await busy.wait()
        second = await adapter.deliver(b"second", seconds=0.1)
        first.cancel()
        await asyncio.wait([first])
    assert second == NotSent(NotSentFault.PAUSED, "waiting for a free connection: TimeoutError")
    assert b"second" not in there.received


async def test_a_connection_closed_between_two_messages_is_replaced(clock: ManualClock) -> None:
    left = asyncio.Event()

    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(answer(b"%d" % talk.number))
        talk.writer.close()
        await talk.gone()
        left.set()

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        assert await adapter.deliver(b"{}", seconds=5) == Answered(200, b"1", JSON)
        await asyncio.wait_for(left.wait(), 5)
        assert await adapter.deliver(b"{}", seconds=5) == Answered(200, b"2", JSON)
    assert len(there.talks) == 2


async def test_a_kept_connection_that_closes_under_the_next_message_leaves_it_unknown_and_unrepeated(
    clock: ManualClock,
) -> None:
    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(answer(b"{}"))
        await talk.read(1)

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        assert await adapter.deliver(b"first", seconds=5) == Answered(200, b"{}", JSON)
        assert isinstance(await adapter.deliver(b"second", seconds=5), Unanswered)
    assert len(there.talks) == 1


async def test_what_comes_in_unasked_is_not_taken_for_the_next_answer(clock: ManualClock) -> None:
    again = asyncio.Event()

    async def script(talk: Talk) -> None:
        request = await talk.request()
        await talk.send(answer(request.partition(b"\r\n\r\n")[2]))
        await again.wait()
        await talk.send(answer(b"unasked", "408 Request Timeout"))
        await talk.gone()

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        assert await adapter.deliver(b"first", seconds=5) == Answered(200, b"first", JSON)
        again.set()
        # The unasked bytes are on their way; a round trip over another connection lets them arrive.
        reader, writer = await asyncio.open_connection("127.0.0.1", there.port)
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        await reader.readuntil(b"408 Request Timeout")
        writer.close()
        await writer.wait_closed()
        assert await adapter.deliver(b"second", seconds=5) == Answered(200, b"second", JSON)
    assert len(there.talks) == 3


async def test_no_cookie_of_the_insurer_is_kept(clock: ManualClock) -> None:
    async def script(talk: Talk) -> None:
        while True:
            await talk.request()
            await talk.send(answer(b"{}", "200 OK", "Set-Cookie: who=patient; Path=/"))

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        await adapter.deliver(b"{}", seconds=5)
        await adapter.deliver(b"{}", seconds=5)
    assert b"patient" not in there.received


async def test_a_host_whose_name_leads_nowhere_was_sent_nothing(clock: ManualClock) -> None:
    async with insurer("http://insurer.invalid/$process-message", clock) as adapter:
        reply = await adapter.deliver(b"{}", seconds=5)
    assert isinstance(reply, NotSent)
    assert reply.fault is NotSentFault.UNRESOLVED


@contextmanager
def _full_backlog() -> Iterator[int]:
    """A port that takes no further connection: the kernel drops what exceeds the queue nobody empties."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            waiting.append(client)
        try:
            yield port
        finally:
            for client in waiting:
                client.close()


@pytest.mark.parametrize(("connect_seconds", "seconds"), [(0.2, 5.0), (5.0, 0.2)])
async def test_an_insurer_that_cannot_be_connected_to_in_time_was_sent_nothing(
    clock: ManualClock, connect_seconds: float, seconds: float
) -> None:
    loop = asyncio.get_running_loop()
    with _full_backlog() as port:
        address = f"http://127.0.0.1:{port}/$process-message"
        async with insurer(address, clock, connect_seconds=connect_seconds) as adapter:
            started = loop.time()
            reply = await adapter.deliver(b"{}", seconds=seconds)
    assert reply == NotSent(NotSentFault.CONNECT_TIMEOUT, "connecting: TimeoutError")
    assert loop.time() - started < 0.7


async def test_the_limit_for_connecting_does_not_cut_the_answer_short(clock: ManualClock) -> None:
    async def script(talk: Talk) -> None:
        await talk.request()
        await asyncio.sleep(0.15)  # the insurer thinks; this is what is tested
        await talk.send(answer(b"{}"))

    async with peer(script) as there, insurer(there.address, clock, connect_seconds=0.05) as adapter:
        assert await adapter.deliver(b"{}", seconds=5) == Answered(200, b"{}", JSON)


async def test_without_any_time_nothing_is_sent(clock: ManualClock) -> None:
    async with peer(_echo) as there, insurer(there.address, clock) as adapter:
        assert isinstance(await adapter.deliver(b"{}", seconds=0), NotSent)
        assert isinstance(await adapter.deliver(b"{}", seconds=-3), NotSent)
    assert there.received == b""


async def test_closing_ends_what_is_under_way_and_leaves_nothing_open() -> None:
    arrived = asyncio.Event()

    async def script(talk: Talk) -> None:
        await talk.request()
        arrived.set()
        await talk.gone()

    async with peer(script) as there:
        connection = Connection("INS-1", "Insurer", there.address)
        adapter = fhir_http.adapter(connection, clock=SystemClock(), door=no_door)
        delivery = asyncio.create_task(adapter.deliver(b"{}", seconds=5))
        await arrived.wait()
        await adapter.close()
        assert isinstance(await delivery, Unanswered)


async def test_an_adapter_that_was_never_used_can_be_closed(clock: ManualClock) -> None:
    async with insurer("https://127.0.0.1:1/$process-message", clock):
        pass


@pytest.mark.parametrize(
    ("status", "reachable"),
    [("200 OK", True), ("204 No Content", True), ("302 Found", False), ("503 Away", False)],
)
async def test_a_probe_asks_the_health_endpoint_beside_the_endpoint(
    clock: ManualClock, status: str, reachable: bool
) -> None:
    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(answer(b"", status))

    async with peer(script) as there, insurer(there.address + "?a=b", clock) as adapter:
        assert await adapter.probe() == Health(reachable, f"answered {status[:3]}", 0.0)
    assert there.received.startswith(b"GET /health HTTP/1.1\r\n")


async def test_a_probe_asks_the_insurers_own_health_endpoint(clock: ManualClock) -> None:
    async with peer(_echo) as there:
        own = f"http://127.0.0.1:{there.port}/alive?deep=1"
        async with insurer("http://127.0.0.1:1/", clock, health_endpoint=own) as adapter:
            assert (await adapter.probe()).reachable
    assert there.received.startswith(b"GET /alive?deep=1 HTTP/1.1\r\n")


async def test_a_probe_of_an_insurer_that_is_away_says_so_and_does_not_raise(clock: ManualClock) -> None:
    async with insurer(f"http://127.0.0.1:{unused_port()}/", clock) as adapter:
        assert await adapter.probe() == Health(False, "refused, connecting: ECONNREFUSED", 0.0)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "insurer.example/x",
        "ftp://insurer.example/",
        "https://",
        "https://[::1",
        "http://x:99999/",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_at_once(clock: ManualClock, address: str) -> None:
    with pytest.raises(ConfigurationError, match="INS-1"):
        fhir_http.adapter(Connection("INS-1", "Insurer", address), clock=clock, door=no_door)
    with pytest.raises(ConfigurationError, match="INS-1"):
        fhir_http.adapter(
            Connection("INS-1", "Insurer", "http://127.0.0.1/", health_endpoint=address or "x"),
            clock=clock,
            door=no_door,
        )


def test_certificates_for_an_address_without_tls_are_refused(clock: ManualClock, tmp_path: Path) -> None:
    connection = Connection("INS-1", "Insurer", "http://127.0.0.1/", tls=Tls(authority=tmp_path / "ca.pem"))
    with pytest.raises(ConfigurationError, match="without TLS"):
        fhir_http.adapter(connection, clock=clock, door=no_door)


async def test_user_and_password_of_an_address_are_shown_with_every_request(clock: ManualClock) -> None:
    async with (
        peer(_echo) as there,
        insurer(there.address.replace("//", "//gateway:s%3Acret@"), clock) as adapter,
    ):
        assert await adapter.deliver(b"{}", seconds=5) == Answered(200, b"{}", JSON)
    assert b"Authorization: Basic Z2F0ZXdheTpzOmNyZXQ=\r\n" in there.received
    assert b"gateway" not in there.received.partition(b"\r\n\r\n")[0].replace(b"User-Agent: claimgw", b"")


async def test_whoever_leaves_the_line_leaves_no_place_taken(clock: ManualClock) -> None:
    asked, on = asyncio.Event(), asyncio.Event()

    async def script(talk: Talk) -> None:
        while request := await talk.request():
            asked.set()
            await on.wait()
            await talk.send(answer(request.partition(b"\r\n\r\n")[2]))

    async with peer(script) as there, insurer(there.address, clock, most_connections=1) as adapter:
        first = asyncio.create_task(adapter.deliver(b"1", seconds=5))
        await asked.wait()
        leaving = [asyncio.create_task(adapter.deliver(b"2", seconds=5)) for _ in range(3)]
        staying = asyncio.create_task(adapter.deliver(b"3", seconds=5))
        await asyncio.sleep(0)
        leaving[0].cancel()
        await asyncio.wait([leaving[0]])
        on.set()
        assert await first == Answered(200, b"1", JSON)
        leaving[1].cancel()  # the connection is its own now, and goes with it
        assert await staying == Answered(200, b"3", JSON)
        assert await leaving[2] == Answered(200, b"2", JSON)
        await asyncio.wait(leaving)
    assert len(there.talks) == 2
