"""Which services of a claim stand in another live claim of its provider too?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from claimgw.conformance.case import codes_at, objects_at
from claimgw.conformance.history.mentions import Service, charged, extended, named, services_of
from claimgw.conformance.memory import Key, Memory, Request, Standing
from claimgw.messages.envelope import Entry, Envelope
from claimgw.messages.identifiers import Identifier

_LIVE = (Standing.OPEN, Standing.ANSWERED)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same patient invoice and the same service, in this claim and in another one that is in force.

    `item` is the index in this claim, `claim` the business identifier of the other one and `header_id` the
    MessageHeader.id under which that came.
    """

    item: int
    claim: Key
    header_id: str
    invoice: Identifier
    service: Service


def duplicates(envelope: Envelope, memory: Memory) -> Sequence[Duplicate]:
    """In the order of the items; each pair of a service and another claim once.

    No duplicates: several lines of one claim, claims of which one resubmits the other (`prior`, also over
    several steps), and whatever was refused, cancelled or nullified. Authorizations are no claims.
    """
    claim = envelope.focal
    if claim is None or envelope.event is None or envelope.event.code != "claim-request":
        return ()
    kin: frozenset[Key] | None = None
    found: dict[tuple[Key, Identifier, Service], Duplicate] = {}
    for index, invoice, services in charges(claim):
        for service in sorted(services):
            for other in memory.related.get(charged(invoice, service), ()):
                if not _counts(other, envelope) or other.key is None:
                    continue
                kin = _kin(envelope, memory) if kin is None else kin
                if other.key not in kin:
                    one = Duplicate(index, other.key, other.header_id, invoice, service)
                    found.setdefault((other.key, invoice, service), one)
    return tuple(found.values())


def charges(claim: Entry) -> Iterator[tuple[int, Identifier, list[Service]]]:
    """The items that have a patient invoice, each with its index and its services."""
    for index, item in objects_at(claim.resource, "item"):
        if invoice := extended(item, "patientInvoice"):
            yield index, invoice, services_of(item)


def resubmitted(envelope: Envelope) -> Iterator[tuple[int, Key]]:
    """The claims that this one resubmits (`prior`), each with its index in `related`."""
    claim = envelope.focal
    for index, related in objects_at(claim.resource, "related") if claim else ():
        if "prior" in {code for _, code in codes_at(related, "relationship")}:
            earlier = named(envelope, related.get("claim"), claim)
            if earlier is not None:
                yield index, Key.of("Claim", earlier)


def _counts(other: Request, envelope: Envelope) -> bool:
    return (
        other.event == "claim-request"
        and other.standing in _LIVE
        and other.header_id != envelope.header_id
        and other.key != _own(envelope)
    )


def _kin(envelope: Envelope, memory: Memory) -> frozenset[Key]:
    """The claims that are one with this, by resubmissions in either direction that are remembered."""
    links: dict[Key, set[Key]] = {}

    def link(one: Key | None, earlier: Iterable[Key]) -> None:
        for other in earlier if one is not None else ():
            assert one is not None
            links.setdefault(one, set()).add(other)
            links.setdefault(other, set()).add(one)

    own = _own(envelope)
    link(own, (key for _, key in resubmitted(envelope)))
    for request in chain(memory.requests.values(), *memory.related.values()):
        prior = (Key("Claim", system, value) for kind, system, value in request.relations if kind == "prior")
        link(request.key, prior)
    met: set[Key] = set()
    waiting = [own] if own else []
    while waiting:
        one = waiting.pop()
        if one not in met:
            met.add(one)
            waiting += links.get(one, ())
    return frozenset(met)


def _own(envelope: Envelope) -> Key | None:
    identifier = envelope.focal_identifier
    return Key.of("Claim", identifier) if identifier else None
