"""What waits for a person, and why? For operators, and as a file for an insurer to compare."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TextIO
from uuid import UUID

import typer

from claimgw.clearinghouse.delivery import dead_letters
from claimgw.clearinghouse.delivery.dead_letters import Letter
from claimgw.clearinghouse.delivery.outcomes import MEANING, Arrived, Outcome
from claimgw.cli.arguments import AsJson, LicenceArgument, licence
from claimgw.cli.output import print_fields, print_json, print_line, print_table
from claimgw.cli.session import Refusal, run
from claimgw.errors import ConfigurationError
from claimgw.store import exchanges, letters, redrives
from claimgw.store.database import Database
from claimgw.store.letters import Selection
from claimgw.store.records import State
from claimgw.store.redrives import Redrive, Redriven

commands = typer.Typer()

# Without --state what waits by itself is left out: nobody has to do anything about it.
WAITS_FOR_A_PERSON = tuple(state for state in letters.QUEUE if state is not State.HELD)
_ARRIVED = {Arrived.NO: "no", Arrived.UNKNOWN: "unknown", Arrived.YES: "yes"}
# A spreadsheet takes what begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def state_of_queue(text: str) -> State:
    """One of the states that the queue is made of."""
    if text not in {state.value for state in letters.QUEUE}:
        raise typer.BadParameter(f"{text!r}: write one of {', '.join(letters.QUEUE)}")
    return State(text)


States = Annotated[
    list[State] | None,
    typer.Option(
        "--state",
        parser=state_of_queue,
        metavar="STATE",
        help="given-up, unconfirmed, awaiting-correction or held; may be repeated. Unset: all but held.",
    ),
]


@commands.command(
    "list",
    epilog="Examples:\n\nclaimgw queue list payer:INS-2001\n\nclaimgw queue list --state given-up --json",
)
def list_(
    insurer: Annotated[
        str | None, typer.Argument(parser=licence, metavar="[LICENCE]", help="One insurer; all if not given.")
    ] = None,
    state: States = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="The oldest so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List what waits for a person, the oldest first: ids, tries, the last fault, has it arrived."""
    chosen = Selection(insurer, tuple(state or WAITS_FOR_A_PERSON))

    async def work(database: Database) -> list[Letter]:
        async with database.read() as unit:
            return await dead_letters.oldest(unit, chosen, limit + 1)

    found = run(work)
    if as_json:
        print_json([_as_json(letter) for letter in found[:limit]])
        return
    print_table(
        "Waits for a person",
        ["exchange", "insurer", "state", "event", "identifier", "tries", "last try", "arrived", "why"],
        [_as_row(letter) for letter in found[:limit]],
        "Nothing waits for a person.",
    )
    if len(found) > limit:
        print_line(f"The oldest {limit}; there are more.")


@commands.command("csv", epilog="Example: claimgw queue csv payer:INS-2001 --out unresolved.csv")
def csv_(
    insurer: LicenceArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A new file; nothing is overwritten.")],
    state: States = None,
) -> None:
    """Write all of it for one insurer, which compares the ids with its own books."""
    chosen = Selection(insurer, tuple(state or WAITS_FOR_A_PERSON))

    async def work(database: Database) -> int:
        written = 0
        with _new_file(out) as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            async with database.read() as unit:
                async for letter in dead_letters.everyone(unit, chosen):
                    writer.writerow([_cell(value) for value in _as_json(letter).values()])
                    written += 1
        return written

    print_line(f"{run(work)} rows are in {out}.")


@commands.command(epilog="Example: claimgw queue show 0194f1d0-0000-7000-8000-000000000000")
def show(
    exchange: Annotated[str, typer.Argument(metavar="ID", help="As 'claimgw queue list' shows it.")],
    as_json: AsJson = False,
) -> None:
    """Show why it waits, every attempt, and what operators did about it."""

    async def work(database: Database) -> tuple[Letter, list[tuple[Redriven, Redrive]]]:
        async with database.read() as unit:
            found = await exchanges.find(unit, as_id(exchange))
            if found is None:
                raise Refusal(f"there is no request {exchange}; 'claimgw queue list' shows their ids")
            [letter] = await dead_letters.of(unit, [found])
            return letter, await redrives.of_exchange(unit, found.id)

    letter, again = run(work)
    if as_json:
        tries = [asdict(made) for made in letter.attempts]
        print_json(_as_json(letter) | {"attempts": tries, "again": [_again(*one) for one in again]})
        return
    print_fields(letter.exchange.id, _as_json(letter).items())
    print_table(
        "Attempts",
        ["no.", "began", "ended", "ending", "what it means", "detail"],
        [
            (one.number, one.opened_at, one.closed_at, one.outcome, _meaning(one.outcome), one.detail)
            for one in letter.attempts
        ],
        "No attempt to deliver it has been made.",
    )
    print_table(
        "Again, by operators",
        ["when", "what", "who", "why", "it was", "stopped"],
        [
            (member.at, order.kind, order.made_by, order.reason, member.state, order.stopped_at)
            for member, order in again
        ],
        "No operator has had it sent or judged again.",
    )


@contextmanager
def _new_file(path: Path) -> Iterator[TextIO]:
    """For its owner alone: it names claims. Raises ConfigurationError if it is there, or cannot be made."""
    try:
        opened = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise ConfigurationError(f"{path} is there already; nothing is overwritten") from None
    except OSError as fault:
        raise ConfigurationError(f"{path} cannot be made: {fault.strerror}") from fault
    with os.fdopen(opened, "w", encoding="utf-8", newline="") as file:
        yield file


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def as_id(text: str) -> str:
    """The id of a request as it is kept. Raises ConfigurationError."""
    try:
        return str(UUID(text))
    except ValueError:
        raise ConfigurationError(f"{text!r} is no id of a request") from None


def _again(member: Redriven, order: Redrive) -> dict[str, Any]:
    return {"was": member.state, "at": member.at, **asdict(order)}


def _meaning(outcome: str | None) -> str:
    return "open: it may have arrived" if outcome is None else MEANING[Outcome(outcome)].when


def _as_row(letter: Letter) -> tuple[object, ...]:
    held = letter.exchange
    return (
        held.id,
        held.insurer,
        held.state,
        held.event,
        held.focal.value if held.focal else None,
        len(letter.attempts),
        letter.last.opened_at if letter.last else None,
        _ARRIVED[letter.arrived],
        held.reason or letter.last_error,
    )


def _as_json(letter: Letter) -> dict[str, Any]:
    held = letter.exchange
    values = (
        held.id,
        letter.header_id,
        letter.bundle_id,
        held.event,
        held.focal.system if held.focal else None,
        held.focal.value if held.focal else None,
        held.provider,
        held.insurer,
        held.state.value,
        held.created_at,
        len(letter.attempts),
        letter.attempts[0].opened_at if letter.attempts else None,
        letter.last.opened_at if letter.last else None,
        letter.last_error,
        _ARRIVED[letter.arrived],
        held.reason,
    )
    return dict(zip(_COLUMNS, values, strict=True))


_COLUMNS = (
    "exchange",
    "message_header_id",
    "bundle_id",
    "event",
    "identifier_system",
    "identifier",
    "provider",
    "insurer",
    "state",
    "accepted_at",
    "tries",
    "first_attempt_at",
    "last_attempt_at",
    "last_error",
    "arrived",
    "reason",
)
