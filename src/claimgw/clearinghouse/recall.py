"""What is on record of all that a message mentions? Read from the store before it is checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.on_record import Reader
from claimgw.clearinghouse.recollection import request_of
from claimgw.conformance.history.mentions import Mentions, mentions
from claimgw.conformance.memory import Key, Memory, Statement
from claimgw.conformance.severity import day_of
from claimgw.messages.envelope import Envelope, licence_of
from claimgw.messages.events import Event, Leg
from claimgw.messages.identifiers import Licence, LicenceKind
from claimgw.store import Unit, history, statements
from claimgw.store.glance import Glance, Mentioned, glance
from claimgw.store.records import Exchange, State
from claimgw.store.statements import Stated

# What is referred to without a date is at most so old: by then a claim was sent, and appealed.
REACH = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Recollection:
    """The memory for the rules, and the rows it came from, for what is changed conditionally afterwards.

    `about`: the earlier request that a message names, by what names it. `answered`: the one it answers.
    `first`: with this message the history of its pair begins; `since`: the day from which on it is whole.
    """

    memory: Memory = field(default_factory=Memory)
    about: Mapping[Key, Exchange] = field(default_factory=dict)
    answered: Exchange | None = None
    mentioned: Mentions = field(default_factory=Mentions)
    first: bool = False
    since: date | None = None


async def recall(
    unit: Unit,
    envelope: Envelope,
    event: Event,
    registry: Snapshot,
    now: datetime,
    *,
    complete: bool = False,
    itself: str | None = None,
    seen: Glance | None = None,
) -> Recollection:
    """All that is on record of what a posted message mentions, between its provider and its insurer.

    `complete`: what is not on record does not exist. `itself`: the exchange of the message, if it has one
    already; it is no earlier one. `seen`: the glance at it, if it has been made; what it has not seen is
    not read.
    """
    provider, insurer = _parties(envelope)
    mentioned = mentions(envelope)
    if provider is None or event.code == "poll-request":
        return Recollection(Memory(licences=_licences(envelope, registry)), mentioned=mentioned)
    seen = seen or await glance(unit, asked_of(envelope, event, mentioned))
    answers = event.leg is Leg.RESPONSE
    reader = Reader(unit, *_looked_among(event, provider, insurer), itself, (provider, insurer), seen)
    about = await reader.about(mentioned.requests)
    requests = await reader.requests(about)
    said = [*mentioned.statements, *_own_key(envelope, event)]
    stated = await reader.stated(said)
    cancellations = await reader.cancellations(provider, mentioned)
    asked = cancellations if event.code == "cancel-response" else about.values()
    answered = next(iter(asked), None) if answers else None
    known = requests | await reader.imported_requests(mentioned.requests, requests)
    # A claim that names its batch is a claim like any other (0.3 item 8): only a batch is asked about it.
    named = [one for one in mentioned.relations if one[0] != "batch" or event.code == "batch-request"]
    # Today is not yet whole; and where no insurer is named nobody knows how old it is what is named.
    since = seen.since or day_of(now) + timedelta(days=1)
    memory = Memory(
        answered=await reader.answered(envelope, answered, known) if answers else None,
        requests=known,
        statements=await reader.statements(stated, said),
        authorizations=await _authorizations(reader, mentioned, stated, provider, insurer),
        related={} if answers else await reader.related(provider, named),
        open_cancellation=any(
            one.state is State.IN_FLIGHT and one.insurer == insurer for one in cancellations
        ),
        since=None if complete else since,
        oldest=day_of(now) - REACH,
        licences=_licences(envelope, registry),
    )
    first = insurer is not None and seen.since is None
    return Recollection(memory, about, answered, mentioned, first=first, since=since)


def asked_of(envelope: Envelope, event: Event, mentioned: Mentions) -> Mentioned:
    """What is to be glanced at for a message."""
    provider, insurer = _parties(envelope)
    own = [envelope.focal_identifier.value] if envelope.focal_identifier else []
    return Mentioned(
        sender=str(envelope.sender),
        bundle_id=envelope.bundle_id or "",
        header_id=envelope.header_id or "",
        provider=provider,
        insurer=insurer,
        among=_looked_among(event, provider or "", insurer)[0],
        requests=[*own, *(key.value for key in mentioned.requests)],
        relations=[value for _, _, value in mentioned.relations],
        statements=[key.value for key in (*mentioned.statements, *_own_key(envelope, event))],
        authorizations=mentioned.authorizations,
    )


def of_first(exchange: Exchange, request: Envelope, since: date | None, registry: Snapshot) -> Memory:
    """What the first answer to a request is judged by: there is nothing to be read. `since`: Recollection."""
    asked = request_of(exchange, request.header_id or "", [], request)
    return Memory(answered=asked, since=since, licences=_licences(request, registry))


async def recall_asked(unit: Unit, exchange: Exchange, request: Envelope, registry: Snapshot) -> Memory:
    """What the answer to a request, in its session or to a push, is judged by."""
    answers = await statements.answers_to(unit, exchange.id)
    return Memory(
        answered=request_of(exchange, request.header_id or "", answers, request),
        since=await history.begins(unit, exchange.provider, exchange.insurer),
        licences=_licences(request, registry),
    )


def _parties(envelope: Envelope) -> tuple[str | None, str | None]:
    """Provider and insurer of a message, as licence keys."""
    by_kind = {one.kind: str(one) for one in (envelope.sender, envelope.receiver) if one is not None}
    return by_kind.get(LicenceKind.PROVIDER), by_kind.get(LicenceKind.PAYER)


def _looked_among(event: Event, provider: str, insurer: str | None) -> tuple[str | None, str | None]:
    """Whose record is looked at. What another has is told apart by the rules, where it may be meant:

    a late answer by somebody who was not asked (BV-00447), a payment that goes to another than claimed
    (BV-00495), a notice of somebody else's payment (BV-00357). All else is between the two.
    """
    if event.leg is Leg.RESPONSE:
        return provider, None
    if event.code == "payment-reconciliation":
        return None, insurer
    if event.code == "payment-notice":
        return None, None
    return provider, insurer


def _own_key(envelope: Envelope, event: Event) -> list[Key]:
    """What the message of an insurer is itself known by: it may have been used (BV-00163)."""
    named = envelope.focal_identifier
    if event.leg is Leg.REQUEST or envelope.focal is None or named is None:
        return []
    return [Key.of(envelope.focal.type, named)]


async def _authorizations(
    reader: Reader, mentioned: Mentions, stated: Sequence[Stated], provider: str, insurer: str | None
) -> dict[str, list[Statement]]:
    """By the numbers the message names, and those of the authorizations it is about."""
    if not stated and not reader.seen.authorizations:
        return {}
    about = [one.said.authorization for one in stated if one.said.authorization]
    numbers = [*mentioned.authorizations, *about]
    if insurer is None or not numbers:
        return {}
    return await reader.authorizations(
        await statements.by_authorizations(reader.unit, provider, insurer, numbers)
    )


def _licences(envelope: Envelope, registry: Snapshot) -> dict[Licence, str]:
    """Those that the message names and that are registered here, each with what it is."""
    named = {envelope.sender, envelope.receiver}
    named |= {licence_of(entry.resource) for entry in envelope.entries if entry.type == "Organization"}
    found = {}
    for licence in named - {None}:
        assert licence is not None
        if (known := registry.participant(str(licence))) is not None:
            found[licence] = known.kind.value
    return found
