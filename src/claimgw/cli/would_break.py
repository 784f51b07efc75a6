"""Whom would a rule refuse if it were an error? Told from what came in; nothing is changed.

No message is shown, nor a word of one: licences, the ids of rows, counts and times.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from rich.console import Console

from claimgw.access.registry import Registry, Snapshot
from claimgw.clearinghouse.admit import served_by
from claimgw.cli.output import print_json, print_line, print_table
from claimgw.cli.session import run
from claimgw.clock import SystemClock
from claimgw.conformance.rulebook.raised import Raised
from claimgw.conformance.validator.schemas import Schemas
from claimgw.ids import least_id
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Severity
from claimgw.messages.identifiers import Licence
from claimgw.store import messages
from claimgw.store.database import Database
from claimgw.store.records import Message

# Messages held at a time. One has 10 MB at most, and usually 20 kB.
_PAGE = 20


@dataclass(slots=True)
class Sender:
    """What one participant sent. `example` is the id of a message that would be refused."""

    sender: str
    messages: int = 0
    refused: int = 0
    example: str | None = None
    first: datetime | None = None
    last: datetime | None = None

    def add(self, message: Message, refused: bool) -> None:
        self.messages += 1
        if refused:
            self.refused += 1
            self.example = self.example or message.id
            self.first = self.first or message.received_at
            self.last = message.received_at


def print_would_break(target: str | Severity, schemas: Schemas, since: datetime, as_json: bool) -> None:
    """A row for each participant that sent anything since then; those that would be refused first."""
    with Console(stderr=True).status("Judging …") as status:

        def told(seen: int) -> None:
            status.update(f"Judging … {seen} messages")

        senders = run(lambda database: _judge_all(database, target, schemas, since, told))
    rows = sorted(senders.values(), key=lambda one: (-one.refused, one.sender))
    if as_json:
        print_json({"target": target, "since": since, "senders": [asdict(one) for one in rows]})
        return
    print_table(
        f"If {target} were an error, since {since:%Y-%m-%d %H:%M} UTC",
        ["sender", "messages", "would be refused", "example", "first", "last"],
        [(one.sender, one.messages, one.refused, one.example, one.first, one.last) for one in rows],
        "Nothing came in since then.",
    )
    if rows:
        print_line("Messages that are refused anyway are seen, and not counted as would be refused.")


async def _judge_all(
    database: Database,
    target: str | Severity,
    schemas: Schemas,
    since: datetime,
    told: Callable[[int], None],
) -> dict[str, Sender]:
    registry = await Registry(database, SystemClock()).current()
    raised = Raised(target, registry.severities, schemas)
    senders: dict[str, Sender] = {}
    last = least_id(since)
    while True:
        async with database.read() as unit:
            page = await messages.posted_after(unit, last, _PAGE)
            bodies = await messages.contents(unit, [one.id for one in page])
        for one in page:
            refused = one.id in bodies and _would_be_refused(raised, bodies[one.id], one, registry)
            senders.setdefault(one.sender, Sender(one.sender)).add(one, refused)
        told(sum(one.messages for one in senders.values()))
        if len(page) < _PAGE:
            return senders
        last = page[-1].id


def _would_be_refused(raised: Raised, raw: bytes, kept: Message, registry: Snapshot) -> bool:
    envelope = read(raw)
    if not isinstance(envelope, Envelope):
        return False
    return raised.refuses(envelope, kept.received_at, _served(envelope, kept.received_at, registry))


def _served(envelope: Envelope, received: datetime, registry: Snapshot) -> frozenset[Licence]:
    receiver = registry.participant(str(envelope.receiver))
    return served_by(receiver, registry, received) if receiver else frozenset()
