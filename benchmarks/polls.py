"""What does a poll cost, however many messages wait? Mailboxes of several sizes in one database, in turn."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace

from benchmarks.backlog import Backlog, ask, fill_mailbox
from benchmarks.effort import Effort
from benchmarks.messages import POLLED, Sent, answers, numbers
from benchmarks.round import Course, Figures
from benchmarks.sheet import Cell, Goal, Sheet, most
from benchmarks.stage import Kind, prepare, serving, site
from tests.gateway import FALCON

COLUMNS = ("", "polls/s", "p50 ms", "p99 ms", "CPU ms a poll", "of it database")
# In a round; so many messages are there to be polled that all rounds bring one each.
_POLLS = 400
_FLAT = 1.2
_DELIVERED = "SELECT count(*) FROM mailbox WHERE provider = :provider AND delivered_at IS NOT NULL"


def polls(effort: Effort) -> list[Sheet]:
    """With nothing in the mailbox, with as much as is polled, and with more and more behind it."""
    rows: list[tuple[Cell, ...]] = []
    goals: list[Goal] = []
    sizes = sizes_of(effort, _POLLS)
    for kind in effort.kinds:
        found = _polled(kind, effort, sizes)
        rows += [(one.name, one.rate, one.p50, one.p99, one.cpu, one.cpu_database) for one in found]
        times = round(found[-1].p50 / found[1].p50, 2)
        name = f"{kind.value}: p50 with {sizes[-1]:,} waiting, times that with {sizes[1]:,}"
        goals.append(most(name, times, _FLAT))
    return [Sheet("polls", "Polls", COLUMNS, tuple(rows), tuple(goals))]


def sizes_of(effort: Effort, each_round: int) -> tuple[int, ...]:
    """Nothing, as much as all rounds take away, and the sizes asked for that are more."""
    taken = each_round * (effort.rounds + 1)
    return 0, taken, *[size for size in effort.messages if size > taken]


def _polled(kind: Kind, effort: Effort, sizes: tuple[int, ...]) -> list[Figures]:
    providers = [f"PR-20{number:02}" for number in range(len(sizes))]
    with ExitStack() as stack:
        where = stack.enter_context(site(kind))
        address = where.database()
        keys = asyncio.run(prepare(address, {}, [f"provider:{one}" for one in providers]))
        first = 1
        for provider, size in zip(providers, sizes, strict=True):
            if size:
                asyncio.run(fill_mailbox(address, _waiting(provider, size, sizes[1]), first))
            first += size
        served = stack.enter_context(serving(where, address, keys[0]))
        contenders = [
            replace(
                served,
                name=f"{size:,} waiting, {kind.value}",
                key=key,
                message=Sent.POLL,
                replaced={"PR-1001": provider},
                proof=POLLED,
                most=_POLLS,
            )
            for size, provider, key in zip(sizes, providers, keys, strict=True)
        ]
        found = Course(where, effort).run(contenders)
        for provider, one, size in zip(providers, found, sizes, strict=True):
            brought = asyncio.run(ask(address, _DELIVERED, provider=f"provider:{provider}"))
            assert brought >= (one.claims if size else 0), "a poll brought no message"
    return found


def _waiting(provider: str, size: int, bodies: int) -> Backlog:
    """Answers of an insurer."""
    content = answers().numbered(next(numbers(1)))
    return Backlog(FALCON, f"provider:{provider}", "claim-response", size, bodies, content)
