"""What does the adapter make of an answer? Its status, its bytes under the cap, and how long to wait."""

import gzip
import tracemalloc
import zlib
from datetime import timedelta
from email.utils import format_datetime

import pytest

from claimgw.clock import ManualClock
from claimgw.insurers.fhir_http.answer import Body
from claimgw.insurers.spi import Answered, Reply, TooLarge
from tests.insurers.peers import JSON, Talk, answer, chunked, insurer, peer

BODY = '{"resourceType": "Bundle",\n "total": 100.00, "id": "\u0645"}'.encode()
CAP = 10 * 1024 * 1024


async def _answered(clock: ManualClock, whole: bytes, **fields: object) -> Reply:
    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(whole)
        await talk.gone()

    async with peer(script) as there, insurer(there.address, clock, **fields) as adapter:
        return await adapter.deliver(b"{}", seconds=10)


async def test_the_message_is_posted_unchanged_as_fhir_json(clock: ManualClock) -> None:
    message = b'{"total": 100.00, "id": "\xd9\x85"}' + b" " * 3_000_000

    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(answer(BODY))

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        assert await adapter.deliver(message, seconds=10) == Answered(200, BODY, JSON)
    head, _, body = there.received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    lines = [line.lower() for line in lines]
    assert body == message
    assert first == "POST /fhir/$process-message HTTP/1.1"
    assert {"content-type: application/fhir+json", "accept: application/fhir+json"} <= set(lines)
    assert f"content-length: {len(message)}" in lines
    assert not [line for line in lines if line.startswith(("transfer-encoding", "cookie"))]


@pytest.mark.parametrize("status", [200, 202, 204, 301, 302, 307, 308, 400, 401, 413, 429, 500, 503])
async def test_every_status_is_an_answer_and_no_redirect_is_followed(clock: ManualClock, status: int) -> None:
    async def script(talk: Talk) -> None:
        await talk.request()
        await talk.send(answer(b"", f"{status} Whatever", f"Location: {there.address}/elsewhere"))

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        assert await adapter.deliver(b"{}", seconds=10) == Answered(status, b"", JSON)
    assert there.received.count(b"POST ") == 1
    assert b"GET " not in there.received


async def test_an_answer_in_chunks_is_put_together(clock: ManualClock) -> None:
    assert await _answered(clock, chunked(BODY)) == Answered(200, BODY, JSON)


async def test_an_answer_after_an_interim_one_is_the_answer(clock: ManualClock) -> None:
    whole = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + answer(BODY)
    assert await _answered(clock, whole) == Answered(200, BODY, JSON)


async def test_an_answer_given_before_the_request_was_read_is_an_answer(clock: ManualClock) -> None:
    async def script(talk: Talk) -> None:
        await talk.head()
        await talk.send(answer(BODY, "413 Content Too Large"))
        await talk.gone()

    async with peer(script) as there, insurer(there.address, clock) as adapter:
        reply = await adapter.deliver(b"x" * 5_000_000, seconds=10)
    assert reply == Answered(413, BODY, JSON)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)  # names of tests are made of it, and must not change


def _bare(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        ("gzip", _gzip(BODY)),
        ("X-GZip", _gzip(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", _bare(BODY)),
        ("identity", BODY),
    ],
)
async def test_a_compressed_answer_is_unpacked(clock: ManualClock, coding: str, coded: bytes) -> None:
    whole = answer(coded, "200 OK", f"Content-Encoding: {coding}")
    assert await _answered(clock, whole) == Answered(200, BODY, JSON)


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        ("gzip", BODY),  # not gzip at all
        ("gzip", _gzip(BODY)[:-6]),  # cut
        ("gzip", _gzip(BODY) + b"more"),
        ("gzip", b"{"),
        ("gzip", b""),
        ("br", b"\x0b\x02\x80hello\x03"),  # not asked for
        ("gzip, gzip", _gzip(_gzip(BODY))),
    ],
)
async def test_an_answer_that_cannot_be_unpacked_is_handed_over_as_it_came(
    clock: ManualClock, coding: str, coded: bytes
) -> None:
    whole = answer(coded, "200 OK", f"Content-Encoding: {coding}")
    assert await _answered(clock, whole) == Answered(200, coded, JSON)


async def test_an_answer_of_ten_megabytes_is_taken_and_one_byte_more_is_not(clock: ManualClock) -> None:
    reply = await _answered(clock, answer(b" " * CAP))
    assert isinstance(reply, Answered)
    assert len(reply.body) == CAP
    assert await _answered(clock, answer(b" " * (CAP + 1))) == TooLarge(200, CAP)
    assert await _answered(clock, chunked(b" " * (CAP + 1), 1 << 20)) == TooLarge(200, CAP)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_bomb_stops_at_the_cap_without_being_read_to_its_end(clock: ManualClock, coding: str) -> None:
    packer = zlib.compressobj(9, wbits=31 if coding == "gzip" else 15)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(30))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 1000000000\r\n\r\n".encode()

    # The peer never sends the rest: only a reader that stops by itself gets an ending other than silence.
    assert await _answered(clock, head + bomb) == TooLarge(200, CAP)


def test_a_bomb_is_not_unpacked_beyond_the_cap_even_within_one_piece() -> None:
    bomb = _gzip(bytes(64 << 20))
    body = Body("gzip", cap=100_000)
    tracemalloc.start()
    assert not body.add(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


async def test_the_cap_is_the_insurers_own(clock: ManualClock) -> None:
    assert await _answered(clock, answer(b"12345"), answer_cap=5) == Answered(200, b"12345", JSON)
    assert await _answered(clock, answer(b"123456", "503 Away"), answer_cap=5) == TooLarge(503, 5)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("Sun, 01 Nov 2026 08:01:30 GMT", 90.0),
        ("Sun, 01 Nov 2026 08:01:30 -0000", 90.0),
        ("Sunday, 01-Nov-26 08:01:30 GMT", 90.0),
        ("Sun, 01 Nov 2026 07:00:00 GMT", 0.0),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 5000, None),
        ("Sun, 99 Nov 2026 08:01:30 GMT", None),
        ("120, 240", None),
    ],
)
async def test_retry_after_is_read_in_both_its_forms(
    clock: ManualClock, value: str, seconds: float | None
) -> None:
    reply = await _answered(clock, answer(b"", "503 Away", f"Retry-After: {value}"))
    assert reply == Answered(503, b"", JSON, seconds)


async def test_a_date_in_retry_after_counts_from_the_gateways_clock(clock: ManualClock) -> None:
    in_an_hour = format_datetime(clock.now() + timedelta(hours=1), usegmt=True)
    clock.advance(600)
    reply = await _answered(clock, answer(b"", "503 Away", f"Retry-After: {in_an_hour}"))
    assert reply == Answered(503, b"", JSON, 3000.0)
