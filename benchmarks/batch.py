"""What does a full batch cost: how long until its answer, how much memory, how long a pause for all others?

A fresh process takes one batch of 200 claims of 20 items through the whole gateway, on an embedded database.
"""

import argparse
import asyncio
import gc
import json
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from claimgw.messages.decode import Decoded, decode
from claimgw.messages.encode import encode
from tests.gateway import EXAMPLES, FALCON, HOSPITAL, register, running

BATCH = EXAMPLES / "batch-request.json"
SESSION_SECONDS, MOST_MEGABYTES, LONGEST_MS = 60.0, 300, 20
# How often the loop is asked whether it turns.
_TICK = 0.005


@dataclass(frozen=True, slots=True)
class Cost:
    """`pause_ms`: the longest time in which the event loop served nobody. Read and judged is in the process
    beside the gateway's, which takes `start_seconds` to start, once.

    A busy machine makes `seconds` and pauses longer; hardly `cpu_seconds`, of the process beside from its
    start, and not `hold_ms`: the most processor time that the loop spent between two beats.
    """

    claims: int
    items: int
    megabytes_sent: float
    queued: int
    start_seconds: float
    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    beside_megabytes: float
    pause_ms: float
    hold_ms: float


def batch(claims: int, items: int) -> bytes:
    """The first claim of the written example so many times, under ids of their own, with so many items."""
    decoded = decode(BATCH.read_bytes())
    assert isinstance(decoded, Decoded)
    tree: dict[str, Any] = decoded.tree
    head, member = tree["entry"][:2]
    claim = member["resource"]["entry"][1]["resource"]
    # The first item is repeated: of the others, one is a laboratory test that may be billed once.
    claim["item"] = [{**claim["item"][0], "sequence": number + 1} for number in range(items)]
    claim["total"]["value"] = sum((Decimal(item["net"]["value"]) for item in claim["item"]), Decimal(0))
    written = encode(member["resource"]).decode()
    entries = []
    for number in range(claims):
        text = written.replace(member["resource"]["id"], str(uuid.uuid4()))
        text = text.replace(member["resource"]["entry"][0]["resource"]["id"], str(uuid.uuid4()))
        text = text.replace(claim["identifier"][0]["value"], f"CLM-{number}-{uuid.uuid4()}"[:40])
        text = text.replace("INV-2026-", f"INV-{number}-")
        text = text.replace('"valuePositiveInt":1}', f'"valuePositiveInt":{number + 1}}}')
        resource_ = json.loads(text, parse_float=Decimal)
        entries.append(
            {"fullUrl": f"http://alwaha.example/fhir/Bundle/{resource_['id']}", "resource": resource_}
        )
    head["resource"]["focus"] = [{"reference": one["fullUrl"]} for one in entries]
    tree["entry"] = [head, *entries]
    return encode(tree)


class Pulse:
    """Beats every few milliseconds; the longest time between two beats is the longest pause of the loop."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.held = 0.0

    @asynccontextmanager
    async def felt(self) -> AsyncIterator[None]:
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            began, worked = time.perf_counter(), time.thread_time()
            await asyncio.sleep(_TICK)
            self.longest = max(self.longest, time.perf_counter() - began - _TICK)
            self.held = max(self.held, time.thread_time() - worked)


async def played(raw: bytes, folder: Path, claims: int, items: int) -> Cost:
    """One batch, from its bytes to those of the answer."""
    async with running(f"sqlite:///{folder / 'claimgw.db'}", worker=False, console=False) as gateway:
        key = await register(gateway.database, HOSPITAL)
        await register(gateway.database, FALCON)
        # As `claimgw serve` does before it listens.
        gateway.house.parts.schemas.compile()
        gc.collect()
        gc.freeze()
        began = time.perf_counter()
        await gateway.post(b"{" * 2000, key)
        started = time.perf_counter() - began
        pulse, began = Pulse(), time.perf_counter()
        async with pulse.felt():
            answer = await gateway.post(raw, key)
        seconds = time.perf_counter() - began
    here, beside = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    queued = answer.content.count(b'"outcome":"queued"')
    return Cost(
        claims=claims,
        items=items,
        megabytes_sent=round(len(raw) / 2**20, 1),
        queued=queued,
        start_seconds=round(started, 2),
        seconds=round(seconds, 2),
        cpu_seconds=round(beside.ru_utime + beside.ru_stime, 2),
        peak_megabytes=round(here.ru_maxrss / 1024),
        beside_megabytes=round(beside.ru_maxrss / 1024),
        pause_ms=round(1000 * pulse.longest, 1),
        hold_ms=round(1000 * pulse.held, 1),
    )


def measured(claims: int, items: int) -> Cost:
    """In a process of its own, which has not seen how the batch was made."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "batch.json"
        file.write_bytes(batch(claims, items))
        command = [sys.executable, "-m", "benchmarks.batch", "--play", folder]
        sizes = ["--claims", str(claims), "--items", str(items)]
        done = subprocess.run([*command, *sizes], check=True, stdout=subprocess.PIPE)
    return Cost(**json.loads(done.stdout))


def main() -> int:
    """Measure and show; 1 if a limit is broken."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--claims", type=int, default=200)
    options.add_argument("--items", type=int, default=20)
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as JSON")
    options.add_argument("--play", type=Path, metavar="FOLDER", help="the batch there, in this process")
    given = options.parse_args()
    if given.play is not None:
        raw = (given.play / "batch.json").read_bytes()
        cost = asyncio.run(played(raw, given.play, given.claims, given.items))
        sys.stdout.write(json.dumps(asdict(cost)))
        return 0
    cost = measured(given.claims, given.items)
    Console().print(
        f"{cost.claims} claims of {cost.items} items, {cost.megabytes_sent:.1f} MB: {cost.queued} queued"
        f" after {cost.seconds:.2f} s ({cost.cpu_seconds:.2f} s of processor time),"
        f" peak memory {cost.peak_megabytes:.0f} MB, and {cost.beside_megabytes:.0f} MB beside,"
        f" longest pause of the event loop {cost.pause_ms:.1f} ms, its longest work {cost.hold_ms:.1f} ms",
        highlight=False,
        soft_wrap=True,
    )
    if given.json is not None:
        given.json.write_text(json.dumps(asdict(cost), indent=2) + "\n")
    kept = cost.queued == cost.claims and cost.seconds < SESSION_SECONDS
    small = max(cost.peak_megabytes, cost.beside_megabytes) < MOST_MEGABYTES
    return 0 if kept and small and cost.hold_ms <= LONGEST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
