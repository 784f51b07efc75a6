"""Which messages does a batch hold, and which of its faults belong to which of them? Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from claimgw.conformance.positions import locate
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding

# Rules that compare a member with the batch or with its siblings: the member alone cannot tell.
_COMPARED = frozenset({"BV-00227", "BV-00238", "BV-00383", "BV-00385", "BV-00421", "BV-00451", "BV-00452"})
_INSIDE = re.compile(r"bundle\.entry\[([0-9]+)\]\.resource\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Member:
    """One message of a batch, its bytes as they stand in it. `index`: its entry's."""

    index: int
    envelope: Envelope


def members_of(batch: Envelope) -> list[Member]:
    """Those that can be read as messages; of the others the batch's own check tells (BV-00237)."""
    places = [entry.path for entry in batch.entries[1:]]
    spans = locate(batch.raw, places)
    found = []
    for entry in batch.entries[1:]:
        span = spans[entry.path]
        message = read(batch.raw[span.start : span.end])
        if isinstance(message, Envelope):
            found.append(Member(entry.index, message))
    return found


def outside(findings: Iterable[Finding], members: Sequence[Member]) -> list[Finding]:
    """The faults of the batch itself, and of what is no message in it: they refuse the whole."""
    known = {member.index for member in members}
    return [one for one in findings if _index(one) not in known]


def compared(findings: Iterable[Finding], member: Member) -> list[Finding]:
    """The faults of a member that only the batch can tell."""
    return [one for one in findings if one.code in _COMPARED and _index(one) == member.index]


def counted_from_the_batch(findings: Iterable[Finding], member: Member) -> list[Finding]:
    """Places of structure are told from the batch, those of business rules from the member (0.3 item 8)."""
    return [
        replace(
            one,
            path=_from_the_batch(one.path, member),
            companions=tuple((code, _from_the_batch(path, member)) for code, path in one.companions),
        )
        for one in findings
    ]


def _from_the_batch(path: str, member: Member) -> str:
    return f"Bundle.entry[{member.index}].resource{path[6:]}" if path.startswith("Bundle") else path


def _index(finding: Finding) -> int | None:
    inside = _INSIDE.match(finding.path)
    return int(inside[1]) if inside else None
