"""Which messages does a batch hold, and which of its faults belong to which of them? Pure."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from claimgw.conformance.tally import unlisted
from claimgw.messages.envelope import Envelope, inner, read
from claimgw.messages.findings import Finding, Severity
from claimgw.messages.nested import resource_texts

# Rules that compare a member with the batch or with its siblings: the member alone cannot tell.
_COMPARED = frozenset({"BV-00227", "BV-00238", "BV-00383", "BV-00385", "BV-00421", "BV-00451", "BV-00452"})
_INSIDE = re.compile(r"bundle\.entry\[([0-9]+)\]\.resource\.", re.IGNORECASE)
# Findings of one member that are told: 200 members with a thousand each would be 70 MB.
_MOST = 50


@dataclass(frozen=True, slots=True)
class Member:
    """One message of a batch, its bytes as they stand in it. `index`: its entry's."""

    index: int
    envelope: Envelope


def members_of(batch: Envelope) -> list[Member]:
    """Those that can be read as messages; of the others the batch's own check tells (BV-00237)."""
    texts = dict(resource_texts(batch.raw))
    sound = not batch.unsound
    found = []
    for entry in batch.entries[1:]:
        text = texts[entry.index]
        # What has been read once need not be read again, unless it says itself what is unsound in it.
        message = inner(entry.resource, text) if sound else read(text)
        if isinstance(message, Envelope):
            found.append(Member(entry.index, message))
    return found


def outside(findings: Iterable[Finding], members: Collection[Member]) -> list[Finding]:
    """The faults of the batch itself, and of what is no message in it: they refuse the whole."""
    known = {member.index for member in members}
    return [one for one in findings if _index(one) not in known]


def compared(findings: Iterable[Finding], member: Member) -> list[Finding]:
    """The faults of a member that only the batch can tell."""
    return [one for one in findings if one.code in _COMPARED and _index(one) == member.index]


def of_member(own: Iterable[Finding], among: Iterable[Finding], member: Member) -> list[Finding]:
    """What is told of a member: its own faults, and those among its siblings if its structure is sound.

    Places of structure are told from the batch, those of business rules from the member (0.3 item 8).
    """
    found = list(own)
    if not any(map(is_structural, found)):
        found += [replace(one, path=_from_the_member(one.path)) for one in among]
    more = [unlisted("Bundle", len(found) - _MOST, Severity.ERROR, complete=True)] if found[_MOST:] else []
    return [
        replace(
            one,
            path=_from_the_batch(one.path, member),
            companions=tuple((code, _from_the_batch(path, member)) for code, path in one.companions),
        )
        for one in [*found[:_MOST], *more]
    ]


def of_all(outer: Iterable[Finding], within: Iterable[Finding]) -> list[Finding]:
    """What is told of a batch that is refused as a whole: why, and what else is wrong in that stage."""
    found = list(outer)
    among = list(within)
    if any(map(is_structural, [*found, *among])):
        among = [one for one in among if is_structural(one)]
    return list(dict.fromkeys([*found, *among]))


def is_structural(finding: Finding) -> bool:
    """The letter case of its place tells the stage (0.3 item 1)."""
    return finding.path.startswith("Bundle")


def _from_the_batch(path: str, member: Member) -> str:
    return f"Bundle.entry[{member.index}].resource{path[6:]}" if path.startswith("Bundle") else path


def _from_the_member(path: str) -> str:
    return _INSIDE.sub("bundle.", path, count=1)


def _index(finding: Finding) -> int | None:
    inside = _INSIDE.match(finding.path)
    return int(inside[1]) if inside else None
