"""How does the insurer authorize in advance, restate it and take it back? Without any request (spec 6.10).

Nobody sent a patient, so there is one who does not exist, insured by the insurer.
"""

from dataclasses import dataclass
from decimal import Decimal

from claimgw.ids import derived_id
from claimgw.insurers.sandbox import answers
from claimgw.insurers.sandbox.adjudicate import Adjudication, Judgement, adjudicate
from claimgw.insurers.sandbox.answers import Way
from claimgw.insurers.sandbox.cases import Case
from claimgw.insurers.sandbox.claim_response import (
    Stamp,
    adjudication_of,
    amounts_of,
    authorized_period,
    local,
    outcome_said,
    reissued,
    riyadh_day,
)
from claimgw.insurers.sandbox.members import coverage_of, invented_patient, organization
from claimgw.insurers.sandbox.reading import Party
from claimgw.insurers.sandbox.terms import (
    CS,
    HL7,
    Json,
    concept,
    extension,
    meta,
    money,
    own_identifier,
    url_of,
)

# What is authorized: two services, as a claim would ask for them.
_SERVICES: tuple[tuple[str, str], ...] = (("83600-00-00", "200.00"), ("83600-00-10", "150.00"))


@dataclass(frozen=True, slots=True)
class Grant:
    """Who authorizes what for whom, under which preAuthRef."""

    insurer: Party
    provider: Party
    number: str
    judgement: Judgement = Judgement.APPROVE


def new_grant(insurer: Party, provider: Party, stamp: Stamp) -> Grant:
    """Its number is unique, as it must be (BV-00688)."""
    return Grant(insurer, provider, derived_id("advanced authorization", stamp.focal_id))


def grant_of(case: Case, judgement: Judgement) -> Grant:
    """The grant of a case known before, to be restated."""
    told = case.request
    return Grant(told.sender, told.receiver, case.number, judgement)


def granted(grant: Grant, stamp: Stamp, *, again: bool = False) -> bytes:
    """The authorization; `again` restates an earlier one, with its reason (BV-00566).

    Approved or in part: rejection is no advanced authorization (BV-00678).
    """
    verdict = adjudicate(
        {"item": [_asked(place, *one) for place, one in enumerate(_SERVICES, 1)]}, grant.judgement
    )
    said = [outcome_said(verdict.outcome.value), *([reissued("adjudication")] if again else [])]
    return _message(grant, stamp, said, {"addItem": _lines(verdict), "total": amounts_of(verdict.totals)})


def revoked(grant: Grant, stamp: Stamp) -> bytes:
    """The end of an authorization: no outcome, no items, no totals (BV-00680, BV-00684)."""
    return _message(grant, stamp, [reissued("cancel")], {})


def _message(grant: Grant, stamp: Stamp, said: list[Json], decided: Json) -> bytes:
    insurer, provider = organization(grant.insurer), organization(grant.provider)
    patient = invented_patient(grant.provider)
    coverage = coverage_of(patient, url_of(patient), {"reference": url_of(insurer)})
    response: Json = {
        "resourceType": "ClaimResponse",
        "id": stamp.focal_id,
        "meta": meta("advanced-authorization"),
        "extension": [*said, *_about(provider)],
        "identifier": [own_identifier("advanced-authorization", stamp.focal_id)],
        "status": "active",
        "type": concept(HL7 + "claim-type", "professional"),
        "subType": concept(CS + "claim-subtype", "op"),
        "use": "preauthorization",
        "patient": {"reference": url_of(patient)},
        "created": local(stamp.at),
        "insurer": {"reference": url_of(insurer)},
        "outcome": "complete",
        "preAuthRef": grant.number,
        "preAuthPeriod": authorized_period(riyadh_day(stamp.at)),
        **decided,
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": url_of(coverage)}}],
    }
    way = Way(grant.insurer, grant.provider, _endpoint(grant.insurer), _endpoint(grant.provider))
    resources = [response, provider, patient, insurer, coverage]
    return answers.started("advanced-authorization", way, resources, stamp)


def _about(provider: Json) -> list[Json]:
    """Why, for whom to do (BV-00568), and for which diagnosis, the principal one (BV-00605)."""
    here = {"reference": url_of(provider)}
    diagnosis: dict[str, Json] = {
        "diagnosis-sequence": {"valuePositiveInt": 1},
        "diagnosis-diagnosisCodeableConcept": {
            "valueCodeableConcept": concept("http://hl7.org/fhir/sid/icd-10-am", "E11.9")
        },
        "diagnosis-type": {"valueCodeableConcept": concept(CS + "diagnosis-type", "principal")},
    }
    return [
        extension("advancedAuth-reason", valueCodeableConcept=concept(CS + "advancedAuth-reason", "refill")),
        extension("newborn", valueBoolean=False),
        extension("serviceProvider", valueReference=here),
        extension("referringProvider", valueReference=here),
        {
            **extension("diagnosis"),
            "extension": [extension(name, **value) for name, value in diagnosis.items()],
        },
    ]


def _asked(sequence: int, code: str, price: str) -> Json:
    return {
        "sequence": sequence,
        "productOrService": concept(CS + "services", code),
        "quantity": {"value": Decimal(1)},
        "net": money(Decimal(price)),
    }


def _lines(verdict: Adjudication) -> list[Json]:
    return [
        {
            "extension": [
                extension("sequence", valuePositiveInt=line.sequence),
                extension("package", valueBoolean=False),
                extension("maternity", valueBoolean=False),
                extension("diagnosis-sequence", valuePositiveInt=1),
                outcome_said(line.outcome.value),
            ],
            "productOrService": concept(CS + "services", code),
            "quantity": {"value": Decimal(1)},
            "adjudication": adjudication_of(line),
        }
        for line, (code, _) in zip(verdict.items, _SERVICES, strict=True)
    ]


def _endpoint(party: Party) -> str:
    """As the guide writes the endpoint of a party (spec 2.3)."""
    return f"{party.system}/{party.value}"
