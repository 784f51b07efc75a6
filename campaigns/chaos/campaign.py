"""How are all points put through on both databases, and what does the table of it say?"""

import asyncio
import random
import shutil
import statistics
import traceback
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import make_url

from campaigns.chaos.points import DATABASE, Failure, Place, name_of
from campaigns.chaos.round import Outcome, play
from claimgw.store import Database
from claimgw.store.schema import upgrade
from tests.postgres import Postgres

KINDS = ("sqlite", "postgresql")
# A file has no connections that could break.
_SERVERS_ONLY = DATABASE - {Failure.DATABASE_STALLS}


async def campaign(
    places: Sequence[Place],
    templates: Mapping[str, str],
    server: Postgres,
    folder: Path,
    *,
    seed: int,
    runs: int,
    beside: int,
    tell: Callable[[Outcome], None],
) -> None:
    """Each place on each database, `beside` of them at the same time; `tell` is told of each at its end.

    `templates`: the address of a migrated, empty database of each kind, which is copied.
    """
    rounds = [
        (place, kind)
        for place in places
        for kind in templates
        if not (kind == "sqlite" and place in _SERVERS_ONLY)
    ]
    room = asyncio.Semaphore(beside)

    async def one(number: int, place: Place, kind: str) -> None:
        async with room:
            own = folder / f"{kind}-{number}"
            own.mkdir()
            # Whatever is chosen by name has the same chances.
            chance = random.Random(f"{seed} {name_of(place)} {kind}")
            async with _database(templates[kind], server, own) as address:
                outcome = Outcome(place, kind)
                try:
                    await play(address, own, outcome, runs, chance)
                except Exception as fault:  # the other rounds go on
                    outcome.problems += traceback.format_exception(fault)
        tell(outcome)

    async with asyncio.TaskGroup() as playing:
        for number, (place, kind) in enumerate(rounds):
            playing.create_task(one(number, place, kind))


async def templates(kinds: Sequence[str], server: Postgres, folder: Path) -> dict[str, str]:
    """Databases to copy."""
    addresses = {
        kind: f"sqlite:///{folder / 'template.db'}" if kind == "sqlite" else await server.create()
        for kind in kinds
    }
    for address in addresses.values():
        database = Database(address)
        await upgrade(database)
        await database.close()
    return addresses


@asynccontextmanager
async def _database(template: str, server: Postgres, folder: Path) -> AsyncIterator[str]:
    """A copy of that one."""
    url = make_url(template)
    assert url.database is not None
    if url.drivername == "sqlite":
        yield f"sqlite:///{shutil.copyfile(url.database, folder / 'claimgw.db')}"
        return
    address = await server.create(template=url.database)
    yield address
    await server.drop(address)


def lines(outcomes: Sequence[Outcome]) -> list[str]:
    """A table in Markdown, a line for each place. *settled*: from the failure until the books were right."""
    kinds = list(dict.fromkeys(one.database for one in outcomes))
    head = ["point", *(f"{kind}: {what}" for kind in kinds for what in _OF_EACH), *_OF_ALL]
    rows = []
    for place in dict.fromkeys(one.place for one in outcomes):
        here = {one.database: one for one in outcomes if one.place == place}
        rows.append(
            [
                name_of(place),
                *(cell for kind in kinds for cell in _cells(here.get(kind))),
                str(sum(one.again for one in here.values())),
                str(sum(one.polled_again for one in here.values())),
                str(sum(len(one.problems) for one in here.values())),
            ]
        )
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


_OF_EACH = ("struck", "settled s")
_OF_ALL = ("sent again", "polled again", "problems")


def _cells(one: Outcome | None) -> tuple[str, str]:
    if one is None:
        return "", ""
    seconds = f"{statistics.median(one.seconds):.1f} (≤ {max(one.seconds):.1f})" if one.seconds else ""
    return f"{one.struck} of {one.runs}", seconds


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
