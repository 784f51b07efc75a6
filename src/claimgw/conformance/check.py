"""What is wrong with this message? In stages, as the real server reports it (spec §0.3 item 1)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from claimgw.conformance.case import Case, Rule
from claimgw.conformance.codes import finding
from claimgw.conformance.rules import bundle, header, parties, references, response, task
from claimgw.conformance.severity import Direction, severity
from claimgw.conformance.walk import faults
from claimgw.messages.envelope import Envelope
from claimgw.messages.findings import Finding, errors
from claimgw.messages.identifiers import Licence

# Findings of one stage. Junk of 10 MB holds millions of faults; nobody reads beyond the first hundred.
MOST = 1000
_MORE = Finding(
    "GE-00000",
    "Bundle",
    f"There are {MOST} faults or more; the others are not listed",
    "See to those listed first",
)
_UNSOUND = ("FR", "GE")

_SOUNDNESS: tuple[Rule, ...] = (bundle.contents, bundle.addresses)
_STRUCTURE: tuple[Rule, ...] = (
    bundle.mandatory,
    header.mandatory,
    header.event,
    header.destination,
    header.parties,
    header.focus,
    header.details,
    references.targets,
    task.mandatory,
    task.bindings,
    task.inputs,
)
_BUSINESS: tuple[Rule, ...] = (
    bundle.identity,
    bundle.one_header,
    bundle.absolute_addresses,
    bundle.versions,
    header.identity,
    header.endpoints,
    header.licences,
    header.focal_type,
    header.use,
    response.presence,
    parties.organizations,
    parties.claimant,
    parties.addressee,
    task.fixed,
    task.one_period,
    task.dates,
    task.parties,
    task.out_of_place,
)


def check(
    envelope: Envelope,
    now: datetime,
    *,
    direction: Direction,
    served: frozenset[Licence] = frozenset(),
    all_stages: bool = False,
) -> list[Finding]:
    """Every fault that can be told from the message and its time of receipt alone. Never raises.

    `served` are the insurers the receiver acts for (spec §2.5). A stage runs only if those before it found no
    error: what cannot be parsed and what base FHIR does not know (FR, GE); structure, codes, references (IC,
    DT, IB, RE); business rules (BV), whose places start with a small letter. `all_stages` shows all there is.
    """
    case = Case(envelope, now, direction, served)
    found: list[Finding] = []
    for stage in _stages(case):
        found += stage
        if not all_stages and errors(found):
            break
    return found


def _stages(case: Case) -> Iterator[list[Finding]]:
    walked = [finding(fault) for fault in faults(case.envelope.bundle, MOST)]
    business = [one for one in walked if one.path.startswith("bundle")]
    structural = [one for one in walked if one.path.startswith("Bundle")]
    unsound = [one for one in structural if one.code.startswith(_UNSOUND)]
    if len(walked) == MOST:
        unsound.append(_MORE)
    yield _stage(case, [*case.envelope.unsound, *unsound], _SOUNDNESS)
    yield _stage(case, [one for one in structural if not one.code.startswith(_UNSOUND)], _STRUCTURE)
    yield _stage(case, business, _BUSINESS)


def _stage(case: Case, walked: list[Finding], rules: tuple[Rule, ...]) -> list[Finding]:
    def everything() -> Iterator[Finding]:
        yield from walked
        for rule in rules:
            yield from rule(case)

    found = [_judged(one, case.direction) for one in islice(_once(everything()), MOST)]
    if len(found) == MOST:
        found[-1] = _MORE
    return found


def _once(findings: Iterator[Finding]) -> Iterator[Finding]:
    """One finding for each code and place: a rule may meet what the walk has met."""
    seen: set[tuple[str, str]] = set()
    for one in findings:
        if (one.code, one.path) not in seen:
            seen.add((one.code, one.path))
            yield one


def _judged(one: Finding, direction: Direction) -> Finding:
    judged = severity(one.code, direction)
    return one if one.severity is judged else replace(one, severity=judged)
