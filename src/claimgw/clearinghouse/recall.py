"""What is on record of all that a message mentions? Read from the store before it is checked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.recollection import (
    request_of,
    request_of_before,
    statement_of,
    statement_of_before,
)
from claimgw.conformance.history.mentions import Mentions, mentions
from claimgw.conformance.memory import Key, Memory, Request, Statement
from claimgw.conformance.severity import day_of
from claimgw.messages.envelope import Envelope, licence_of, read
from claimgw.messages.events import Event, Leg
from claimgw.messages.identifiers import Identifier, Licence, LicenceKind
from claimgw.store import Unit, exchanges, history, messages, relations, statements
from claimgw.store.glance import Glance, Mentioned, glance
from claimgw.store.records import Exchange, Imported, State
from claimgw.store.statements import Stated

# What is referred to without a date is at most so old: by then a claim was sent, and appealed.
REACH = timedelta(days=365)
_ANSWERED = Key("", "", "")
# What is looked for among other requests: the newest of those that name it, for the first of what is named.
_LOOKED_FOR = frozenset({"service", "encounter", "batch", "patient"})
_MOST_ASKED = 500
_MOST_RELATED = 20
# Only of these is the whole message looked at, beside the columns.
_READ_WHOLE = frozenset({"PaymentReconciliation", "CommunicationRequest", "CoverageEligibilityResponse"})


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
    reader = _Reader(unit, *_looked_among(event, provider, insurer), itself, (provider, insurer), seen)
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
    answers = (await statements.of_exchanges(unit, [exchange.id])).get(exchange.id, [])
    return Memory(
        answered=request_of(exchange, request.header_id or "", answers, request),
        since=await history.begins(unit, exchange.provider, exchange.insurer),
        licences=_licences(request, registry),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """The queries of one recollection, among what this provider and this insurer have; None: whoever.

    `parties` are those of the message: of what several have under one identifier, theirs is meant. Nobody can
    hide another's claim or payment by using its identifier too.
    """

    unit: Unit
    provider: str | None
    insurer: str | None
    itself: str | None
    parties: tuple[str, str | None]
    seen: Glance

    def meant(self, provider: str, insurer: str) -> tuple[bool, bool]:
        """To sort by: what is of the parties of the message comes last, and counts."""
        return provider == self.parties[0], insurer == self.parties[1]

    async def answered(
        self, envelope: Envelope, asked: Exchange | None, known: Mapping[Key, Request]
    ) -> Request | None:
        """What is known of the request that is answered, be it by its imported identifier alone."""
        if asked is not None:
            return (await self.requests({_ANSWERED: asked}))[_ANSWERED]
        named = envelope.request_identifier
        return known.get(Key.of("Claim", named)) if named else None

    async def cancellations(self, provider: str, mentioned: Mentions) -> list[Exchange]:
        """Those of what the message cancels, or says to be cancelled; the newest first."""
        if not self.seen.relations:
            return []
        asked = [one for one in mentioned.relations if one[0] == "cancels"]
        rows = await relations.naming(self.unit, provider, asked, most=_MOST_RELATED)
        return [held for _, held, _ in rows if held.id != self.itself]

    async def stated(self, keys: Sequence[Key]) -> list[Stated]:
        if not self.seen.statements:
            return []
        among = {"provider": self.provider, "insurer": self.insurer}
        return await statements.by_identifiers(self.unit, keys, **among)

    async def about(self, keys: Sequence[Key]) -> dict[Key, Exchange]:
        if not self.seen.requests:
            return {}
        found = await exchanges.by_focals(self.unit, keys, provider=self.provider, insurer=self.insurer)
        return {
            Key(held.focal.type, held.focal.system, held.focal.value): held
            # What stands counts, and not what was refused under the same identifier.
            for held in sorted(found, key=lambda held: self.meant(held.provider, held.insurer))
            if held.focal is not None and held.id != self.itself
        }

    async def requests(self, about: Mapping[Key, Exchange]) -> dict[Key, Request]:
        if not about:
            return {}
        headers = await messages.header_ids(self.unit, [held.id for held in about.values()])
        answered = await statements.of_exchanges(self.unit, [held.id for held in about.values()])
        bodies = await messages.contents(self.unit, [held.id for held in about.values()])
        found = {}
        for key, held in about.items():
            answers = answered.get(held.id, [])
            found[key] = request_of(held, headers.get(held.id, ""), answers, _read(bodies.get(held.id)))
        return found

    async def imported_requests(
        self, keys: Sequence[Key], known: Mapping[Key, Request]
    ) -> dict[Key, Request]:
        before = await self._imported([key for key in keys if key not in known])
        return {Key(one.type, one.system, one.value): request_of_before(one) for one in before}

    async def statements(self, stated: Sequence[Stated], keys: Sequence[Key]) -> dict[Key, Statement]:
        wanted = [one.said.message_id for one in stated if one.said.type in _READ_WHOLE]
        bodies = await messages.contents(self.unit, wanted) if wanted else {}
        requests = await self._asked(stated)
        found = {
            Key(one.said.type, one.said.system, one.said.value): statement_of(
                one, requests.get(one.said.exchange_id or ""), _read(bodies.get(one.said.message_id))
            )
            for one in sorted(stated, key=lambda one: self.meant(one.said.provider, one.said.insurer))
            if one.said.type and one.said.system and one.said.value
        }
        for before in await self._imported([key for key in keys if key not in found]):
            key = Key(before.type, before.system, before.value)
            found[key] = statement_of_before(before)
        return found

    async def authorizations(self, stated: Sequence[Stated]) -> dict[str, list[Statement]]:
        if not stated:
            return {}
        found: defaultdict[str, list[Statement]] = defaultdict(list)
        bodies = await messages.contents(self.unit, [one.said.message_id for one in stated])
        requests = await self._asked(stated)
        for one in stated:
            whole = _read(bodies.get(one.said.message_id))
            asked = requests.get(one.said.exchange_id or "")
            found[one.said.authorization or ""].append(statement_of(one, asked, whole))
        return found

    async def related(
        self, provider: str, named: Sequence[relations.Relation]
    ) -> dict[relations.Relation, list[Request]]:
        if not self.seen.relations:
            return {}
        found: defaultdict[relations.Relation, list[Request]] = defaultdict(list)
        asked = [one for one in named if one[0] in _LOOKED_FOR][:_MOST_ASKED]
        rows = await relations.naming(self.unit, provider, asked, most=_MOST_RELATED)
        ids = list(dict.fromkeys(held.id for _, held, _ in rows if held.id != self.itself))
        names = await relations.of_exchanges(self.unit, ids)
        answered = await statements.of_exchanges(self.unit, ids)
        for relation, held, header_id in rows:
            if held.id != self.itself:
                request = request_of(held, header_id, answered.get(held.id, []), None)
                found[relation].append(replace(request, relations=names.get(held.id, [])))
        return found

    async def _asked(self, stated: Iterable[Stated]) -> dict[str, Identifier]:
        ids = [one.said.exchange_id for one in stated if one.said.exchange_id]
        found: dict[str, Identifier] = {}
        if not ids:
            return found
        for held in await exchanges.find_all(self.unit, list(dict.fromkeys(ids))):
            if held.focal is not None:
                found[held.id] = Identifier(held.focal.system, held.focal.value)
        return found

    async def _imported(self, keys: Sequence[Key]) -> list[Imported]:
        if not keys or not self.seen.imported:
            return []
        found = await history.of_before(self.unit, keys, provider=self.provider, insurer=self.insurer)
        return sorted(found, key=lambda one: self.meant(one.provider, one.insurer))


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
    reader: _Reader, mentioned: Mentions, stated: Sequence[Stated], provider: str, insurer: str | None
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


def _read(raw: bytes | None) -> Envelope | None:
    found = read(raw) if raw else None
    return found if isinstance(found, Envelope) else None
