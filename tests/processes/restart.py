"""Does anything suffer when PostgreSQL is restarted under load? `make restart` prints the table.

Providers send claims at a steady rate and send the same bytes again after a 503 or a broken connection, as
docs/callers.md tells them to. Meanwhile the server, on a disk and with nothing switched off, is stopped and
started: `fast` ends every session, `immediate` is a crash.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from claimgw.store import Database
from claimgw.store.schema import upgrade
from tests.claims import fresh
from tests.gateway import FHIR, resource
from tests.postgres import Cluster, running_cluster
from tests.processes.forked import forked
from tests.processes.parties import Mailbox, header_id, join, received
from tests.processes.running import PLAIN, Process, processes, sandbox, server, worker

CLAIM = "claim-request-professional"
RECOVERED_SECONDS = 5.0
MODES = ("fast", "immediate")

# A server that takes longer to come back than this ends the load early.
_AWAY_SECONDS = 10.0
# Pended claims have been delivered by then.
_LATE_SECONDS = 60.0
# A provider waits so long before it sends the same bytes again, whatever Retry-After allows.
_AGAIN_SECONDS = 0.25
_QUICK = {
    "CLAIMGW_LEASE_SECONDS": "2",
    "CLAIMGW_RETRY_WAITS": "0.5",
    "CLAIMGW_LOOK_SECONDS": "0.2",
    "CLAIMGW_LICENCE_REQUESTS": "500",  # one hospital stands for many
    "CLAIMGW_LICENCE_RATE": "0",
}


@dataclass(slots=True)
class Sent:
    """One claim: when it was first sent, what was heard at what time, and the answer in the end."""

    raw: bytes
    began: float
    refusals: list[tuple[float, str]] = field(default_factory=list)
    ended: float = 0.0
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class Restart:
    """`down` and `up` are moments, in seconds of this machine's watch."""

    mode: str
    down: float
    up: float


@dataclass(slots=True)
class Campaign:
    """What was done and heard. `problems` has a sentence for all that went wrong; none is the aim."""

    restarts: list[Restart] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    late: int = 0
    again: int = 0
    problems: list[str] = field(default_factory=list)

    def recovery(self, restart: Restart) -> float:
        """Seconds from the server's return to the last refusal that came of this restart."""
        later = [other.down for other in self.restarts if other.down > restart.down]
        heard = [
            at - restart.up
            for claim in self.sent
            for at, _ in claim.refusals
            if restart.down <= at < min(later, default=float("inf"))
        ]
        return max([0.0, *heard])

    def slowest(self, restart: Restart) -> float:
        """Seconds from the server's return to the last answer to a claim that was sent before it."""
        ended = [claim.ended - restart.up for claim in self.sent if restart.down <= claim.began < restart.up]
        return max([0.0, *ended])


class Load:
    """Claims at a steady rate, to the gateways in turn."""

    def __init__(
        self, gateways: Sequence[Process], key: str, rate: float, campaign: Campaign, seconds: float
    ) -> None:
        # Written beforehand: to write a claim costs as much as to send it.
        self._claims = [fresh(CLAIM, f"restart-{number}") for number in range(int(rate * seconds))]
        self._gateways = gateways
        self._headers = {**FHIR, "authorization": f"Bearer {key}"}
        self._rate = rate
        self._campaign = campaign
        self._stopping = False

    def stop(self) -> None:
        self._stopping = True

    async def run(self) -> None:
        limits = httpx.Limits(max_connections=500)
        began = time.monotonic()
        tasks: list[asyncio.Task[None]] = []
        async with httpx.AsyncClient(timeout=70, limits=limits, **PLAIN) as client:
            for number in range(len(self._claims)):
                if self._stopping:
                    break
                await asyncio.sleep(max(0.0, began + number / self._rate - time.monotonic()))
                tasks.append(asyncio.create_task(self._claim(client, number)))
            await asyncio.gather(*tasks)

    async def _claim(self, client: httpx.AsyncClient, number: int) -> None:
        claim = Sent(self._claims[number], time.monotonic())
        self._campaign.sent.append(claim)
        while True:
            url = self._gateways[(number + len(claim.refusals)) % len(self._gateways)].url
            try:
                answer = await client.post(url, content=claim.raw, headers=self._headers)
                if answer.status_code == 200:
                    break
                heard = f"{answer.status_code} {_display(answer)}"
                if answer.status_code != 503 or "retry-after" not in answer.headers:
                    self._campaign.problems.append(f"claim {number} heard {heard}: {answer.text[:200]}")
            except httpx.TransportError as fault:
                heard = type(fault).__name__
            claim.refusals.append((time.monotonic(), heard))
            await asyncio.sleep(_AGAIN_SECONDS)
        claim.ended, claim.answer = time.monotonic(), answer.content


async def campaign(
    cluster: Cluster, gateways: Sequence[Process], key: str, *, rate: float, restarts: int, apart: float
) -> Campaign:
    """Load before, between and after the restarts."""
    found = Campaign()
    load = Load(gateways, key, rate, found, seconds=restarts * (apart + _AWAY_SECONDS))
    running = asyncio.create_task(load.run())
    for number in range(restarts):
        await asyncio.sleep(apart / 2)
        mode, down = MODES[(number + 1) % len(MODES)], time.monotonic()
        await asyncio.to_thread(cluster.restart, mode)
        found.restarts.append(Restart(mode, down, time.monotonic()))
        await asyncio.sleep(apart / 2)
    load.stop()
    await running
    return found


def judge(found: Campaign, mailbox: Mailbox, insurer: Process) -> None:
    """Every claim has the insurer's answer to itself, in the session or in the mailbox, and one id."""
    pended, headers = set[str](), {header_id(claim.raw) for claim in found.sent}
    for claim in found.sent:
        if _answered(json.loads(claim.answer), claim.raw, found) != "complete":
            pended.add(header_id(claim.raw))
    polled = mailbox.late(pended, _LATE_SECONDS)
    found.late = len(pended)
    found.problems += [f"the answer to {header} came {n} times" for header, n in polled.items() if n > 1]
    had = received(insurer)
    if {row["header"] for row in had} != headers:
        found.problems.append("the insurer has not had exactly the claims that were sent")
    found.again = sum(row["attempts"] > 1 for row in had)


def _display(answer: httpx.Response) -> str:
    """What an OperationOutcome says is wrong."""
    issues = (
        answer.json().get("issue", [{}])
        if answer.headers["content-type"].startswith(FHIR["content-type"])
        else [{}]
    )
    return str(issues[0].get("details", {}).get("coding", [{}])[0].get("display", ""))


def _answered(answer: dict[str, Any], raw: bytes, found: Campaign) -> str:
    header = answer["entry"][0]["resource"]
    said = resource(answer, "ClaimResponse")
    if header["response"]["identifier"] != header_id(raw):
        found.problems.append(f"the claim {header_id(raw)} was answered with the answer to another")
    if said["outcome"] not in ("complete", "queued"):
        found.problems.append(f"the claim {header_id(raw)} was answered {said['outcome']}")
    return str(said["outcome"])


def table(found: Campaign) -> str:
    """One line for each restart, and what was heard in all."""
    lines = ["restart  mode       away s  recovered s  last answer s"]
    for number, one in enumerate(found.restarts, 1):
        lines.append(
            f"{number:<8} {one.mode:<10} {one.up - one.down:6.1f} {found.recovery(one):12.1f}"
            f" {found.slowest(one):14.1f}"
        )
    calm = sorted(claim.ended - claim.began for claim in found.sent if not claim.refusals)
    lasted = found.sent[-1].began - found.sent[0].began
    lines.append(f"{len(found.sent) / lasted:.0f} claims a second were sent")
    lines.append(f"a claim that was not refused: median {calm[len(calm) // 2] * 1000:.0f} ms")
    heard = Counter(what for claim in found.sent for _, what in claim.refusals)
    lines.append(
        f"{len(found.sent)} claims, {sum(heard.values())} refusals ({dict(heard)}), {found.late} answered"
        f" by poll, {found.again} delivered again under the same ids, {len(found.problems)} problems"
    )
    return "\n".join([*lines, *found.problems])


def play(folder: Path, *, servers: int, rate: float, restarts: int, apart: float) -> Campaign:
    """The whole campaign with real processes: so many servers, a worker, an insurer, and PostgreSQL."""
    with running_cluster(durable=True) as cluster:
        address = asyncio.run(_database(cluster))
        gateways = [forked(server(address, folder, f"server-{n}", **_QUICK)) for n in range(servers)]
        delivery = forked(worker(address, folder, "worker", **_QUICK))
        insurer = forked(sandbox(folder, gateways[0].url, "none", "INS-2001"))
        hospital, _ = asyncio.run(join(address, insurer.url))
        with processes(*gateways, delivery, insurer):
            found = asyncio.run(
                campaign(cluster, gateways, hospital, rate=rate, restarts=restarts, apart=apart)
            )
            judge(found, Mailbox(gateways[-1].url, hospital), insurer)
            late = [one for one in found.restarts if found.recovery(one) > RECOVERED_SECONDS]
            found.problems += [f"a restart was felt for {found.recovery(one):.1f} s" for one in late]
    return found


async def _database(cluster: Cluster) -> str:
    address = await cluster.create()
    database = Database(address)
    await upgrade(database)
    await database.close()
    return address


def main() -> int:
    """The long campaign. 0 if nothing went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--apart", type=float, default=8)
    parser.add_argument("--folder", type=Path, help="where the processes write what they log")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        logs = given.folder or Path(folder)
        found = play(logs, servers=2, rate=given.rate, restarts=given.restarts, apart=given.apart)
    print(table(found))
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
