"""Have our own messages the shape of those a real gateway wrote to the same requests? `make shapes`."""

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from campaigns.explained import WITHHELD, row
from campaigns.shape import Shape, members, shape
from claimgw.conformance.check import check
from claimgw.conformance.loading import load
from claimgw.conformance.severity import Direction
from claimgw.conformance.validator.schemas import Schemas
from claimgw.messages import (
    batch_replies,
    claim_replies,
    eligibility_replies,
    poll_replies,
    replies,
    tags,
    task_replies,
)
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Entry, Envelope, inner, read
from claimgw.messages.findings import Finding, errors, on_the_wire
from claimgw.messages.frame import Stamp
from claimgw.messages.identifiers import GATEWAY

FOLDER = Path(__file__).parents[2] / "shared" / "messages"
_AT = datetime(2026, 11, 1, 8, tzinfo=UTC)
# What the recorded server speaks.
_VERSIONS = ("1.0.0",)


@dataclass(frozen=True, slots=True)
class Pair:
    """A request, the recorded answer, and the errors it names as (code, place)."""

    name: str
    request: Envelope
    answer: Envelope
    named: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One path at which the two answers are not alike; nothing there is the empty text.

    `withheld`: it is gone if the findings tell no places, so that nothing is left out for its fault.
    """

    path: str
    theirs: str
    ours: str
    withheld: bool = False

    def __str__(self) -> str:
        return f"{self.path}: theirs {self.theirs or 'nothing'}, ours {self.ours or 'nothing'}"

    @property
    def why(self) -> str | None:
        """None if nothing explains it."""
        if self.withheld:
            return WITHHELD
        explained = row(self.path, self.theirs, self.ours)
        return explained.why if explained else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=Path, default=FOLDER, help="the folder with pairs.tsv")
    folder = parser.parse_args().messages
    if not (folder / "pairs.tsv").is_file():
        print(f"There is no pairs.tsv in {folder}; there is nothing to compare with.")
        return 1
    kinds: Counter[Difference] = Counter()
    compared = 0
    for name, found in differences(folder):
        compared += 1
        print(name, *(f"  {one}" for one in found), sep="\n")
        kinds.update(found)
    print(f"\n{compared} answers of the gateway compared; {len(kinds)} kinds of difference")
    _tell(kinds)
    unexplained = [one for one in kinds if one.why is None]
    print(f"\n{len(unexplained)} not explained")
    return 1 if unexplained or not compared else 0


def _tell(kinds: Counter[Difference]) -> None:
    for why in sorted({one.why or "" for one in kinds}):
        print(f"\n{why or 'NOT EXPLAINED'}")
        for one in sorted((one for one in kinds if (one.why or "") == why), key=str):
            print(f"{kinds[one]:5} {one}")


def differences(folder: Path) -> Iterator[tuple[str, list[Difference]]]:
    """For each pair whose answer a gateway wrote: in what ours is not like it."""
    schemas = load(versions=_VERSIONS)
    for pair in _pairs(folder):
        findings = _findings(pair, schemas)
        placeless = {*_compared(pair, written(pair, [replace(one, path="") for one in findings]))}
        found = _compared(pair, written(pair, findings))
        yield pair.name, [one if one in placeless else replace(one, withheld=True) for one in found]


def _compared(pair: Pair, raw: bytes) -> Iterator[Difference]:
    ours = read(raw)
    assert isinstance(ours, Envelope)
    yield from _apart(shape(pair.answer, pair.request), shape(ours, pair.request))
    if pair.answer.event and pair.answer.event.code == "batch-response":
        asked = {one.header_id: one for one in members(pair.request)}
        for theirs, own in zip(members(pair.answer), members(ours), strict=True):
            request = asked[theirs.responds_to]
            yield from _apart(shape(theirs, request, "member "), shape(own, request, "member "))


def _apart(theirs: Shape, ours: Shape) -> Iterator[Difference]:
    for path in sorted(theirs.keys() | ours.keys()):
        here, there = (", ".join(sorted(one.get(path, ()))) for one in (theirs, ours))
        if here != there:
            yield Difference(path, here, there)


def _pairs(folder: Path) -> Iterator[Pair]:
    with (folder / "pairs.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            request, answer = (read((folder / row[key]).read_bytes()) for key in ("request", "response"))
            if isinstance(request, Envelope) and isinstance(answer, Envelope) and _by_gateway(answer):
                named = (one.strip().partition("@") for one in (row["errors"] or "").split(";"))
                errors_ = tuple((code, place) for code, _, place in named if code)
                yield Pair(row["response"], request, answer, errors_)


def _by_gateway(answer: Envelope) -> bool:
    own = _own(answer)
    return answer.sender == GATEWAY or tags.written_by_gateway(answer.bundle, own.resource if own else None)


def _own(answer: Envelope) -> Entry | None:
    """The focal resource, also of an answer that has no focus."""
    return answer.focal or next((one for one in answer.entries if one.type == "Task"), None)


def written(pair: Pair, findings: Sequence[Finding]) -> bytes:
    """Our answer to the request, of the kind of the recorded one."""
    request, stamp = pair.request, Stamp(pair.name, _AT)
    assert request.event is not None
    match request.event.code:
        case "claim-request" | "priorauth-request":
            return _of_claim(request, stamp, pair.answer, findings)
        case "eligibility-request":
            return eligibility_replies.refused(request, stamp, findings)
        case "poll-request":
            if findings:
                return poll_replies.failed(request, stamp, findings)
            return poll_replies.delivered(request, stamp, list(_waiting(pair.answer)))
        case "cancel-request" | "status-check":
            return task_replies.failed(request, stamp, findings)
        case "batch-request" if pair.answer.focal is None:
            return batch_replies.refused(request, stamp, findings)
        case "batch-request":
            return batch_replies.answered(request, stamp, list(_members(pair, stamp, findings)))
        case _:
            return replies.acknowledgement(request, stamp, findings)


def _of_claim(request: Envelope, stamp: Stamp, answer: Envelope, findings: Sequence[Finding]) -> bytes:
    if answer.outcome == "queued":
        return claim_replies.queued(request, stamp, "It will be delivered.")
    return claim_replies.refused(request, stamp, findings)


def _members(pair: Pair, stamp: Stamp, findings: Sequence[Finding]) -> Iterator[tuple[str, bytes]]:
    """Structural places tell the member, business places do not (spec §0.3 item 8)."""
    answers = {one.responds_to: one for one in members(pair.answer)}
    for entry in pair.request.entries[1:]:
        claim = inner(entry.resource)
        assert isinstance(claim, Envelope)
        own = Stamp(f"{stamp.seed} {entry.index}", stamp.at, member=True)
        of_it = [
            one
            for one in findings
            if one.path.startswith(("bundle.", f"Bundle.entry[{entry.index}].resource.entry["))
            or not one.path
        ]
        yield own.id("Bundle"), _of_claim(claim, own, answers[claim.header_id], of_it)


def _waiting(answer: Envelope) -> Iterator[poll_replies.Waiting]:
    for one in answer.entries:
        if one.type == "Bundle":
            yield poll_replies.Waiting(str(one.resource.get("id")), encode(one.resource), _AT)


def _findings(pair: Pair, schemas: Schemas) -> list[Finding]:
    """Our own, as received when it was sent; the recorded ones where only a registry or history knows."""
    received = datetime.fromisoformat(str(pair.request.bundle.get("timestamp")))
    found = check(pair.request, received, direction=Direction.REQUEST, schemas=schemas)
    told = list(on_the_wire(errors(found)))
    return told or [Finding(code, place, "As recorded") for code, place in pair.named]


if __name__ == "__main__":
    sys.exit(main())
