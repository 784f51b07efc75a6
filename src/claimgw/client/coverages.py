"""How does the cover that was asked about differ from the one the insurer knows?"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from claimgw.client.cases import opened
from claimgw.client.reading import code, objects, part, text
from claimgw.messages.envelope import Entry, Envelope
from claimgw.messages.identifiers import Identifier


class Aspect(StrEnum):
    """What of a cover is compared."""

    MEMBER = "member"  # the number of the insured
    POLICY = "policy"  # who holds it
    CLASS = "class"  # group, plan and the like
    RELATIONSHIP = "relationship"  # of the patient to the subscriber
    PERIOD = "period"
    IN_FORCE = "in force"


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect in which the two differ. None: there is no such cover, or nothing is said of it.

    The values are of the messages, and may be personal: keep them out of logs.
    """

    aspect: Aspect
    asked: str | None
    returned: str | None


def coverages(asked: bytes | Envelope, returned: bytes | Envelope) -> tuple[Difference, ...]:
    """What is different between the covers of an eligibility request and of its answer.

    Covers of one member number belong together; what is left on both sides is compared in order, so that a
    corrected number is told as such. A cover that the answer does not have is told by its number alone; so
    is one that only the answer has, which is what a discovery brings. Raises NotAMessage.
    """
    ours, theirs = _covers(opened(asked)), _covers(opened(returned))
    return tuple(
        Difference(aspect, before.get(aspect), after.get(aspect))
        for before, after in _pairs(ours, theirs)
        for aspect in Aspect
        if _differs(aspect, before, after)
    )


_Cover = Mapping[Aspect, str | None]


def _differs(aspect: Aspect, before: _Cover, after: _Cover) -> bool:
    if not before or not after:
        return aspect is Aspect.MEMBER
    if aspect is Aspect.IN_FORCE:
        return after.get(aspect) == "false"
    return before.get(aspect) != after.get(aspect)


def _pairs(ours: list[_Cover], theirs: list[_Cover]) -> Iterator[tuple[_Cover, _Cover]]:
    left = list(theirs)
    alone: list[_Cover] = []
    for cover in ours:
        same = next((one for one in left if one[Aspect.MEMBER] == cover[Aspect.MEMBER]), None)
        if same is None:
            alone.append(cover)
        else:
            left.remove(same)
            yield cover, same
    for place in range(max(len(alone), len(left))):
        yield (
            alone[place] if place < len(alone) else {},
            left[place] if place < len(left) else {},
        )


def _covers(envelope: Envelope) -> list[_Cover]:
    return [_cover(envelope, entry) for entry in envelope.entries if entry.type == "Coverage"]


def _cover(envelope: Envelope, entry: Entry) -> _Cover:
    return {aspect: read(envelope, entry) for aspect, read in _READ.items()}


def _member(_envelope: Envelope, entry: Entry) -> str | None:
    named = Identifier.first(entry.resource.get("identifier"))
    return named.value if named else None


def _holder(envelope: Envelope, entry: Entry) -> str | None:
    reference = entry.resource.get("policyHolder")
    found = envelope.find(part(reference, "reference"), entry)
    named = Identifier.first(found.resource.get("identifier") if found else part(reference, "identifier"))
    return named.value if named else None


def _classes(_envelope: Envelope, entry: Entry) -> str | None:
    said = sorted(
        f"{code(row.get('type'))} {row.get('value')}" for row in objects(entry.resource.get("class"))
    )
    return ", ".join(said) or None


def _relationship(_envelope: Envelope, entry: Entry) -> str | None:
    return code(entry.resource.get("relationship"))


def _period(_envelope: Envelope, entry: Entry) -> str | None:
    period = entry.resource.get("period")
    start, end = (text(part(period, name)) for name in ("start", "end"))
    return f"{start or '…'} – {end or '…'}" if start or end else None


def _in_force(envelope: Envelope, entry: Entry) -> str | None:
    """What an answer says of it; a request says nothing."""
    answer = envelope.focal
    for row in objects(answer.resource.get("insurance") if answer else None):
        if envelope.find(part(row, "coverage", "reference"), answer) == entry:
            said = row.get("inforce")
            return str(said).lower() if isinstance(said, bool) else None
    return None


_READ: dict[Aspect, Callable[[Envelope, Entry], str | None]] = {
    Aspect.MEMBER: _member,
    Aspect.POLICY: _holder,
    Aspect.CLASS: _classes,
    Aspect.RELATIONSHIP: _relationship,
    Aspect.PERIOD: _period,
    Aspect.IN_FORCE: _in_force,
}
