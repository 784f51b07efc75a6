"""Which services of these claims stand in other live claims of their providers, as the record is now?"""

from collections.abc import Mapping, Sequence

from claimgw.clearinghouse.recollection import request_of
from claimgw.conformance.history.duplicates import Duplicate, duplicates
from claimgw.conformance.memory import Memory, Request
from claimgw.messages.envelope import Envelope, read
from claimgw.store import Unit, messages, relations, statements
from claimgw.store.records import WITHDRAWN, Exchange, State
from claimgw.store.relations import Relation

_EVENT = "claim-request"
# Of all that stands under the invoices of one page of claims, the newest are looked at.
_MOST = 200


async def repeated_services(
    unit: Unit,
    claims: Sequence[Exchange],
    about: Mapping[str, Exchange],
    named: Mapping[str, Sequence[Relation]],
) -> dict[str, Sequence[Duplicate]]:
    """By the id of the claim; those without any are missing.

    `about` are the originals of resubmissions, by id, `named` what each claim names. Bodies are read only of
    claims that share an invoice with another one, each once.
    """
    live = [one for one in claims if one.event == _EVENT and one.state not in (*WITHDRAWN, State.REFUSED)]
    found: dict[str, Sequence[Duplicate]] = {}
    # One by one: two providers may number their invoices alike.
    for provider in dict.fromkeys(one.provider for one in live):
        mine = [one for one in live if one.provider == provider]
        shared = await _shared(unit, provider, mine, named)
        if shared:
            found |= await _compared(unit, mine, shared, about)
    return {claim_id: several for claim_id, several in found.items() if several}


async def _shared(
    unit: Unit, provider: str, claims: Sequence[Exchange], named: Mapping[str, Sequence[Relation]]
) -> dict[Relation, list[Exchange]]:
    """The invoices that more than one claim of the provider names, and those claims."""
    invoices = dict.fromkeys(rel for one in claims for rel in named.get(one.id, ()) if rel[0] == "invoice")
    found: dict[Relation, list[Exchange]] = {}
    for relation, held in await relations.naming(
        unit, provider, list(invoices), events=(_EVENT,), most=_MOST
    ):
        found.setdefault(relation, []).append(held)
    return {relation: several for relation, several in found.items() if len(several) > 1}


async def _compared(
    unit: Unit,
    claims: Sequence[Exchange],
    shared: Mapping[Relation, Sequence[Exchange]],
    about: Mapping[str, Exchange],
) -> dict[str, Sequence[Duplicate]]:
    concerned = {one.id: one for several in shared.values() for one in several}
    originals = {one: about[one] for one in (claim.about_id for claim in claims) if one and one in about}
    known = await _read(unit, concerned | originals)
    requests = {request.key: request for request in known.values() if request.key}
    found = {}
    for claim in claims:
        message = known[claim.id].message if claim.id in known else None
        if message is not None:
            related = {
                relation: [known[one.id] for one in several if one.id != claim.id]
                for relation, several in shared.items()
            }
            found[claim.id] = duplicates(message, Memory(requests=requests, related=related))
    return found


async def _read(unit: Unit, claims: Mapping[str, Exchange]) -> dict[str, Request]:
    ids = list(claims)
    kept = {one.id: one for one in await messages.find_all(unit, ids)}
    answers, bodies = await statements.of_exchanges(unit, ids), await messages.contents(unit, ids)
    found = {}
    for claim_id, held in claims.items():
        whole = read(bodies[claim_id]) if claim_id in bodies else None
        message = whole if isinstance(whole, Envelope) else None
        found[claim_id] = request_of(held, kept.get(claim_id), answers.get(claim_id, []), message)
    return found
