"""What comes of killing the gateway everywhere on the way of a message? `make chaos` prints the table."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from campaigns.chaos.campaign import KINDS, campaign, lines, templates
from campaigns.chaos.points import name_of, named
from campaigns.chaos.round import Outcome
from claimgw.telemetry import logs
from tests.postgres import running_postgres


def _tell(outcome: Outcome) -> None:
    """What there is to say as soon as a place is through."""
    print(
        f"{name_of(outcome.place)}, {outcome.database}:"
        f" {outcome.struck} of {outcome.runs}, {len(outcome.problems)} problems",
        flush=True,
    )
    for problem in outcome.problems:
        print(f"  {problem}", flush=True)


def main() -> int:
    """0 if nothing went wrong, and in every run it happened where it should."""
    asked = argparse.ArgumentParser(prog="python -m campaigns.chaos", description=__doc__)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--runs", type=int, default=50, help="at each point, on each database")
    asked.add_argument("--points", default="", help="parts of their names, with commas between; none: all")
    asked.add_argument("--database", choices=KINDS, action="append")
    asked.add_argument("--beside", type=int, default=4, help="gateways at the same time")
    asked.add_argument("--folder", type=Path, help="where the processes write what they log")
    given = asked.parse_args()
    logs.configure("text", "error")
    chosen = named([name.strip() for name in given.points.split(",") if name.strip()])
    began, whole = time.monotonic(), True
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="claimgw-chaos-") as folder, running_postgres() as server:
        logged = given.folder or Path(folder)

        def tell(outcome: Outcome) -> None:
            outcomes.append(outcome)
            _tell(outcome)

        async def play() -> None:
            empty = await templates(given.database or KINDS, server, logged)
            await campaign(
                chosen,
                empty,
                server,
                logged,
                seed=given.seed,
                runs=given.runs,
                beside=given.beside,
                tell=tell,
            )

        try:
            asyncio.run(play())
        except KeyboardInterrupt:
            print("\ninterrupted: what follows is of the places that were through")
            whole = False
    outcomes.sort(key=lambda one: (chosen.index(one.place), KINDS.index(one.database)))
    print("\n".join(["", *lines(outcomes)]))
    problems = sum(len(one.problems) for one in outcomes)
    missed = sum(one.runs - one.struck for one in outcomes)
    print(
        f"\nseed {given.seed}: {sum(one.runs for one in outcomes)} runs,"
        f" {sum(one.claims for one in outcomes)} claims, {time.monotonic() - began:.0f} s;"
        f" {problems} problems, {missed} runs in which it did not happen"
    )
    return 0 if whole and not problems and not missed else 1


if __name__ == "__main__":
    sys.exit(main())
