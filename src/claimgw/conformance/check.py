"""What is wrong with this message? In stages, as the real server reports it (spec §0.3 item 1)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from claimgw.conformance.case import Case, Rule
from claimgw.conformance.codes import breach, finding
from claimgw.conformance.rules import (
    aims,
    answer,
    authorship,
    batch,
    bundle,
    dates,
    encounter,
    extras,
    facility,
    header,
    information,
    medication,
    newborn,
    parties,
    payments,
    references,
    referral,
    response,
    task,
    task_response,
    transfer,
)
from claimgw.conformance.severity import Direction, Severities, day_of, defaults
from claimgw.conformance.validator.constraints import broken
from claimgw.conformance.validator.schemas import Schemas, standard
from claimgw.conformance.validator.walk import Walk
from claimgw.conformance.written import in_fhirpath
from claimgw.messages.envelope import Envelope, inner
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

_SOUNDNESS: tuple[Rule, ...] = (bundle.addresses,)
_STRUCTURE: tuple[Rule, ...] = (
    bundle.contents,
    bundle.mandatory,
    header.mandatory,
    header.event,
    header.destination,
    header.parties,
    header.focus,
    header.details,
    references.targets,
    references.named_types,
    answer.items,
    answer.sub_type,
    task.mandatory,
    task.bindings,
    task.inputs,
)
_BUSINESS: tuple[Rule, ...] = (
    bundle.identity,
    bundle.one_header,
    bundle.absolute_addresses,
    bundle.typed_addresses,
    bundle.ids,
    bundle.versions,
    bundle.profile,
    header.identity,
    header.endpoints,
    header.licences,
    header.focal_type,
    header.use,
    response.presence,
    parties.organizations,
    parties.claimant,
    parties.addressee,
    parties.asker,
    parties.correspondents,
    parties.authorized,
    encounter.classes,
    encounter.classes_of_professionals,
    encounter.parties,
    encounter.emergencies,
    encounter.service_event,
    encounter.beginning,
    encounter.admissions,
    encounter.discharges,
    facility.of_claims,
    facility.of_eligibility,
    medication.medicines,
    medication.requests,
    medication.identifiers,
    newborn.services,
    newborn.eligibility,
    newborn.weight,
    referral.patient,
    referral.clinic,
    task_response.result,
    task_response.parties,
    transfer.names,
    information.coded,
    task.fixed,
    task.one_period,
    task.dates,
    task.parties,
    task.out_of_place,
    aims.aims,
    authorship.parties,
    authorship.items,
    batch.size,
    batch.members,
    batch.headers,
    batch.numbers,
    batch.marks,
    dates.services,
    dates.eligibility,
    dates.prescriptions,
    extras.prescriptions,
    extras.modifiers,
    payments.notice,
    payments.reconciliation,
)


# How bad a finding is; None: the rule did not bind.
_Judge = Callable[[Finding], Finding | None]


def check(
    envelope: Envelope,
    now: datetime,
    *,
    direction: Direction,
    served: frozenset[Licence] = frozenset(),
    all_stages: bool = False,
    schemas: Schemas | None = None,
    severities: Severities | None = None,
) -> list[Finding]:
    """Every fault that can be told from the message and its time of receipt alone. Never raises.

    `served` are the insurers the receiver acts for (spec §2.5). A stage runs only if those before it found no
    error: what cannot be parsed and what base FHIR does not know (FR, GE); structure, codes, references (IC,
    DT, IB, RE); business rules (BV), whose places start with a small letter. `all_stages` shows all there is.
    `severities` say how bad a breach was on the day of receipt; None: as claimgw comes.
    """
    schemas = schemas or standard()
    walk = Walk(envelope.bundle, schemas, MOST)
    case = Case(envelope, now, direction, served, walk.pointers, schemas.accepted)
    judge = _judge(case, severities or defaults())
    found: list[Finding] = []
    for stage in _stages(case, walk, schemas, judge):
        found += stage
        if not all_stages and errors(found):
            break
    return found


def _stages(case: Case, walk: Walk, schemas: Schemas, judge: _Judge) -> Iterator[list[Finding]]:
    walked = [finding(fault) for fault in walk.found]
    business = [one for one in walked if one.path.startswith("bundle")]
    structural = [one for one in walked if one.path.startswith("Bundle")]
    unsound = [one for one in structural if one.code.startswith(_UNSOUND)]
    sound = [one for one in structural if not one.code.startswith(_UNSOUND)]
    if len(walked) == MOST:
        (unsound or sound or business).append(_MORE)
    tree = case.envelope.bundle
    unreadable = [replace(one, path=in_fhirpath(one.path, tree)) for one in case.envelope.unsound]
    yield _stage([case], [*unreadable, *unsound], _SOUNDNESS, judge)
    yield _stage([case], sound, _STRUCTURE, judge)
    business += [breach(one) for one in islice(broken(walk.pending, case, schemas), MOST)]
    yield _stage([case, *_members(case)], business, _BUSINESS, judge)


def _members(case: Case) -> Iterator[Case]:
    """The messages of a batch: business rules judge each by itself, and count places in it (spec §6.4)."""
    for entry in case.envelope.entries[1:]:
        if entry.type == "Bundle" and isinstance(message := inner(entry.resource), Envelope):
            yield replace(case, envelope=message)


def _stage(cases: list[Case], walked: list[Finding], rules: tuple[Rule, ...], judge: _Judge) -> list[Finding]:
    def everything() -> Iterator[Finding]:
        yield from walked
        for case in cases:
            for rule in rules:
                yield from rule(case)

    found = list(islice(filter(None, map(judge, _once(everything()))), MOST))
    if len(found) == MOST:
        found[-1] = _MORE
    return _without_echoes(found)


# Codes of a profile, and the more exact ones of a rule that find the same fault at the same place.
_ECHOES = {
    "IB-00219": frozenset({"IB-00292"}),
    "DT-01297": frozenset({"DT-01301", "DT-01304", "IB-00293", "IB-00294"}),
}


def _without_echoes(found: list[Finding]) -> list[Finding]:
    if not any(one.code in _ECHOES for one in found):
        return found
    places = {(one.code, one.path) for one in found}
    return [
        one
        for one in found
        if not any((code, one.path) in places for code in _ECHOES.get(one.code, frozenset()))
    ]


def _once(findings: Iterator[Finding]) -> Iterator[Finding]:
    """One finding for each code and place: a rule may meet what the walk has met."""
    seen: set[tuple[str, str]] = set()
    for one in findings:
        if (one.code, one.path) not in seen:
            seen.add((one.code, one.path))
            yield one


def _judge(case: Case, severities: Severities) -> _Judge:
    sender = str(case.envelope.sender) if case.envelope.sender else ""
    on = day_of(case.now)

    def judge(one: Finding) -> Finding | None:
        return severities.judged(one, case.direction, on, sender)

    return judge
