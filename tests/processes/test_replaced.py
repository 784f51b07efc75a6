"""Is anything lost while the processes of a gateway are replaced one by one, and one of them dies?"""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path

import httpx
import pytest

from tests.claims import fresh
from tests.gateway import parsed, resource
from tests.processes.forked import forked
from tests.processes.parties import QUICK, Mailbox, header_id, join, post, received
from tests.processes.running import Process, processes, sandbox, server, until

pytestmark = pytest.mark.processes


@dataclass
class Office:
    """A hospital that sends claims without end; what is not taken goes to the other process, as it is."""

    gateways: tuple[Process, Process]
    key: str
    told: dict[str, str] = field(default_factory=dict)
    enough: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with ThreadPoolExecutor(3) as desks:
            working = [desks.submit(self._desk, seed) for seed in ("a", "b", "c")]
            try:
                yield
            finally:
                self.enough.set()
        for done in working:
            done.result()

    def some_more(self, what: str) -> None:
        before = len(self.told)
        until(lambda: len(self.told) >= before + 10, what)

    def _desk(self, seed: str) -> None:
        for number in count():
            if self.enough.is_set():
                return
            # Now and then the insurer keeps silent: something is always under way.
            ending = "SILENT-1" if number % 10 == 5 else "APPROVE"
            self._send(fresh("claim-request-professional", f"{seed}-{number}", ending))

    def _send(self, raw: bytes) -> None:
        for gateway in cycle(self.gateways):
            try:
                answer = post(gateway.url, raw, self.key)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code == 200:
                self.told[header_id(raw)] = resource(parsed(answer), "ClaimResponse")["outcome"]
                return
            assert answer.status_code == 503, answer.text


def test_claims_go_through_while_one_process_is_replaced_and_the_other_dies(
    address: str, tmp_path: Path
) -> None:
    first = forked(server(address, tmp_path, "first", "--worker", **QUICK))
    second = forked(server(address, tmp_path, "second", "--worker", **QUICK))
    insurer = forked(sandbox(tmp_path, first.url, "none", "INS-2001"))
    hospital, _ = asyncio.run(join(address, insurer.url))
    office = Office((first, second), hospital)
    with processes(first, second, insurer):
        with office.at_work():
            office.some_more("claims go through")
            began = time.monotonic()
            assert first.stop() == 0
            assert time.monotonic() - began < 10
            first.start()
            first.ready()
            office.some_more("claims go through both again")
            second.kill()
            office.some_more("claims go through the one that is left")
        pended = {header for header, outcome in office.told.items() if outcome == "queued"}
        came = Mailbox(first.url, hospital).late(pended)
        assert set(came.values()) <= {1}
        assert {row["header"] for row in received(insurer)} == set(office.told)
