"""Which services of these claims stand in other live claims of their providers, as the record is now?"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from claimgw.clearinghouse.recollection import request_of
from claimgw.conformance.history.duplicates import Duplicate, duplicates
from claimgw.conformance.memory import Memory, Request
from claimgw.messages.envelope import Envelope, read
from claimgw.store import Unit, messages, relations, statements
from claimgw.store.records import WITHDRAWN, Exchange, State
from claimgw.store.relations import Relation

_EVENT = "claim-request"
# Of all that charges for what one page of claims charges for, the newest are looked at.
_MOST = 500


async def repeated_services(
    unit: Unit, claims: Sequence[Exchange], named: Mapping[str, Sequence[Relation]]
) -> dict[str, Sequence[Duplicate]]:
    """By the id of the claim; those without any are missing. `named` is what each claim names.

    A body is read only of claims that share a service with another one.
    """
    live = [one for one in claims if one.event == _EVENT and one.state not in (*WITHDRAWN, State.REFUSED)]
    found: dict[str, Sequence[Duplicate]] = {}
    # One by one: two providers may number their invoices alike.
    for provider in dict.fromkeys(one.provider for one in live):
        mine = [one for one in live if one.provider == provider]
        related = await _charging(unit, provider, mine)
        for claim_id, message in (await _shared(unit, mine, named, related)).items():
            found[claim_id] = duplicates(message, Memory(related=related))
    return {claim_id: several for claim_id, several in found.items() if several}


async def _charging(unit: Unit, provider: str, claims: Sequence[Exchange]) -> dict[Relation, list[Request]]:
    """Who charges for it, of each service that more than one claim of the provider charges for."""
    services = await relations.shared(unit, provider, "service", [one.id for one in claims])
    rows = await relations.naming(unit, provider, services, most=_MOST)
    ids = list(dict.fromkeys(held.id for _, held, _ in rows))
    names, answered = await relations.of_exchanges(unit, ids), await statements.of_exchanges(unit, ids)
    found: defaultdict[Relation, list[Request]] = defaultdict(list)
    for relation, held, header_id in rows:
        request = request_of(held, header_id, answered.get(held.id, []), None)
        found[relation].append(replace(request, relations=names.get(held.id, ())))
    return found


async def _shared(
    unit: Unit,
    claims: Sequence[Exchange],
    named: Mapping[str, Sequence[Relation]],
    related: Mapping[Relation, Sequence[Request]],
) -> dict[str, Envelope]:
    """Those of the claims that share a service, by their ids: only their items say where it stands."""
    ids = [one.id for one in claims if any(rel in related for rel in named.get(one.id, ()))]
    read_ = {claim_id: read(raw) for claim_id, raw in (await messages.contents(unit, ids)).items()}
    return {claim_id: whole for claim_id, whole in read_.items() if isinstance(whole, Envelope)}
