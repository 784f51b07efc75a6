"""Which rows tell of what a message mentions? The queries of one recollection, made into what rules know."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from claimgw.clearinghouse.recollection import (
    request_of,
    request_of_before,
    statement_of,
    statement_of_before,
)
from claimgw.conformance.history.mentions import Mentions
from claimgw.conformance.memory import Key, Request, Statement
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.identifiers import Identifier
from claimgw.store import Unit, exchanges, history, messages, relations, statements
from claimgw.store.glance import Glance
from claimgw.store.records import Exchange, Imported
from claimgw.store.statements import Stated

_ANSWERED = Key("", "", "")
# What is looked for among other requests: the newest of those that name it, for the first of what is named.
_LOOKED_FOR = frozenset({"service", "encounter", "batch", "patient"})
_MOST_ASKED = 500
_MOST_RELATED = 20
# Only of these is the whole message looked at, beside the columns.
_READ_WHOLE = frozenset({"PaymentReconciliation", "CommunicationRequest", "CoverageEligibilityResponse"})


@dataclass(frozen=True, slots=True)
class Reader:
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


def _read(raw: bytes | None) -> Envelope | None:
    found = read(raw) if raw else None
    return found if isinstance(found, Envelope) else None
