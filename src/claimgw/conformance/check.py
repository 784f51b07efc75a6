"""What is wrong with this message? In stages, as the real server reports it (spec §0.3 item 1)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain

from claimgw.conformance.case import MOST_IN_A_BATCH, Case, Part, Rule
from claimgw.conformance.codes import breach, finding
from claimgw.conformance.history.judged import RELATED, REMEMBERED
from claimgw.conformance.memory import Memory
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
from claimgw.conformance.tally import MOST, Found, Judge, Stage, Tally, unlisted
from claimgw.conformance.validator.constraints import broken
from claimgw.conformance.validator.schemas import Schemas, standard
from claimgw.conformance.validator.walk import Walk
from claimgw.conformance.written import in_fhirpath
from claimgw.messages.decode import COUNTED
from claimgw.messages.envelope import Envelope, inner
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import Licence

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


def check(
    envelope: Envelope,
    now: datetime,
    *,
    direction: Direction,
    served: frozenset[Licence] = frozenset(),
    all_stages: bool = False,
    schemas: Schemas | None = None,
    severities: Severities | None = None,
    memory: Memory | None = None,
    part: Part = Part.WHOLE,
    batch_size: int = MOST_IN_A_BATCH,
) -> list[Finding]:
    """The findings of `examine`, and one for each severity that tells how many of it are not among them."""
    found = examine(
        envelope,
        now,
        direction=direction,
        served=served,
        all_stages=all_stages,
        schemas=schemas,
        severities=severities,
        memory=memory,
        part=part,
        batch_size=batch_size,
    )
    more = (
        unlisted("Bundle", number, bad, complete=found.complete)
        for bad, number in found.more.items()
        if number
    )
    return [*found.findings, *more]


def examine(
    envelope: Envelope,
    now: datetime,
    *,
    direction: Direction,
    served: frozenset[Licence] = frozenset(),
    all_stages: bool = False,
    schemas: Schemas | None = None,
    severities: Severities | None = None,
    about: Callable[[Finding], bool] | None = None,
    memory: Memory | None = None,
    part: Part = Part.WHOLE,
    batch_size: int = MOST_IN_A_BATCH,
) -> Found:
    """Every fault that can be told from the message, its time of receipt and what came before. Never raises.

    `served` are the insurers the receiver acts for (spec §2.5). A stage runs only if those before it found no
    error: what cannot be parsed and what base FHIR does not know (FR, GE); structure, codes, references (IC,
    DT, IB, RE); business rules (BV), whose places start with a small letter. `all_stages` shows all there is.
    `severities` say how bad a breach was on the day of receipt; None: as claimgw comes. `about`: only the
    findings that it lets pass count. `memory`: without it the rules of history and registry are not judged.
    `part`: how much of a batch is judged. `batch_size`: how many messages it may hold.
    """
    schemas = schemas or standard()
    walk = Walk(envelope.bundle, schemas, MOST, within=part is not Part.FRAME)
    case = Case(envelope, now, direction, served, walk.pointers, schemas.accepted, memory, batch_size, part)
    tally = Tally(_judge(case, severities or defaults(), about))
    for stage in _stages(case, walk, schemas):
        if tally.take(stage) and not all_stages:
            break
    return tally.found(complete=walk.record.complete and sum(envelope.more.values()) < COUNTED - MOST)


def _stages(case: Case, walk: Walk, schemas: Schemas) -> Iterator[Stage]:
    walked = [finding(fault) for fault in walk.record.found]
    more = [(finding(fault), number) for fault, number in walk.record.more]
    more += [(Finding(code, "Bundle", ""), number) for code, number in case.envelope.more.items()]
    tree = case.envelope.bundle
    unreadable = [replace(one, path=in_fhirpath(one.path, tree)) for one in case.envelope.unsound]
    first, second, third = ([one for one in walked if _step(one) == step] for step in range(3))
    yield Stage(chain(unreadable, first, _by(_SOUNDNESS, [case])), _of(more, 0))
    # What is related is told with the structure, as the real server does (spec §0.3 item 1).
    structure, business = (_STRUCTURE, _BUSINESS)
    if case.memory is not None:
        structure, business = (*_STRUCTURE, *RELATED), (*_BUSINESS, *REMEMBERED)
    yield Stage(chain(second, _by(structure, [case])), _of(more, 1))
    breaches = map(breach, broken(walk.pending, case, schemas))
    yield Stage(chain(third, breaches, _by(business, [case, *_members(case)])), _of(more, 2))


def _step(one: Finding) -> int:
    if one.path.startswith("bundle"):
        return 2
    return 0 if one.code.startswith(_UNSOUND) else 1


def _of(more: list[tuple[Finding, int]], step: int) -> list[tuple[Finding, int]]:
    return [(one, number) for one, number in more if _step(one) == step]


def _by(rules: tuple[Rule, ...], cases: Iterable[Case]) -> Iterator[Finding]:
    for case in cases:
        for rule in rules:
            yield from rule(case)


def _members(case: Case) -> Iterator[Case]:
    """The messages of a batch: business rules judge each by itself, and count places in it (spec §6.4)."""
    if case.part is Part.FRAME:
        return
    for entry in case.envelope.entries[1:]:
        if entry.type == "Bundle" and isinstance(message := inner(entry.resource), Envelope):
            yield replace(case, envelope=message)


def _judge(case: Case, severities: Severities, about: Callable[[Finding], bool] | None) -> Judge:
    sender = str(case.envelope.sender) if case.envelope.sender else ""
    on = day_of(case.now)

    def judge(one: Finding) -> Finding | None:
        if about is not None and not about(one):
            return None
        return severities.judged(one, case.direction, on, sender)

    return judge
