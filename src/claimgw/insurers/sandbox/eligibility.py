"""Is the person insured, for what and under which number? The insurer's CoverageEligibilityResponse.

    benefits    each insurance carries what is covered
    validation  each insurance says whether it is in force; a number ending in -OLD is corrected
    discovery   without a Coverage in the request, the one that the insurer holds is found

A rejected check finds the policy not active; a partial one finds its limit exhausted.
"""

from decimal import Decimal
from typing import assert_never

from claimgw.insurers.sandbox.adjudicate import COPAY_RATE, Judgement
from claimgw.insurers.sandbox.claim_response import PayerError, Stamp, local, riyadh_day
from claimgw.insurers.sandbox.members import corrected_number, coverage_of
from claimgw.insurers.sandbox.reading import Request, first, record, records, text
from claimgw.insurers.sandbox.terms import (
    CS,
    HL7,
    Json,
    concept,
    extension,
    extensions_named,
    meta,
    money,
    own_identifier,
    payer_error,
    url_of,
)

ANNUAL_LIMIT = Decimal("250000.00")


def response(request: Request, judgement: Judgement, stamp: Stamp) -> tuple[Json, ...]:
    """The response, followed by the Coverages that the insurer adds to it."""
    insurances, added = _insurances(request)
    standing = _standing(judgement)
    said = _bare(request, stamp, "complete")
    said["extension"] = [_site(standing if insurances else "not-covered")]
    if insurances:
        said["insurance"] = [_insurance(request, one, judgement, stamp) for one in insurances]
    return said, *added


def refused(request: Request, error: PayerError, stamp: Stamp) -> Json:
    """The check cannot be made; the reason is coded (BV-00536)."""
    place = f"bundle.entry[{request.focal_place}].resource.insurance"
    said = _bare(request, stamp, "error")
    return {**said, "error": [{"code": payer_error(error.code, error.display, place)}]}


def _bare(request: Request, stamp: Stamp, outcome: str) -> Json:
    """Patient, purpose and day of service are those of the request (BV-00075, BV-00483, BV-00067)."""
    asked = request.focal
    said: Json = {
        "resourceType": "CoverageEligibilityResponse",
        "id": stamp.focal_id,
        "meta": meta("eligibility-response"),
        "identifier": [own_identifier("CoverageEligibilityResponse", stamp.focal_id)],
        "status": "active",
        "purpose": asked.get("purpose"),
        "patient": request.absolute(record(asked.get("patient"))),
        **{name: asked[name] for name in ("servicedDate", "servicedPeriod") if name in asked},
        "created": local(stamp.at),
        "request": {"type": "CoverageEligibilityRequest", "identifier": request.identifier},
        "outcome": outcome,
        "insurer": request.absolute(record(asked.get("insurer"))),
    }
    return {name: value for name, value in said.items() if value not in (None, [], {})}


def _insurances(request: Request) -> tuple[list[Json], list[Json]]:
    """The Coverages that the answer is about, as references, and those of them that the request lacks."""
    asked = request.focal
    quoted = [record(one.get("coverage")) for one in records(asked.get("insurance"))]
    if quoted:
        answered = [_validated(request, one) for one in quoted]
        return [one for one, _ in answered], [new for _, new in answered if new is not None]
    if "discovery" not in _purposes(request):
        return [], []
    patient = record(asked.get("patient"))
    entry = request.entry_of(text(patient.get("reference")), request.focal_url) or {}
    found = coverage_of(
        record(entry.get("resource")),
        text(request.absolute(patient).get("reference")),
        request.absolute(record(asked.get("insurer"))),
    )
    return [{"reference": url_of(found)}], [found]


def _validated(request: Request, quoted: Json) -> tuple[Json, Json | None]:
    """The Coverage that was quoted, or the one with the corrected number where that is asked for."""
    entry = request.entry_of(text(quoted.get("reference")), request.focal_url) or {}
    coverage = record(entry.get("resource"))
    number = corrected_number(coverage)
    if not number or "validation" not in _purposes(request):
        return request.absolute(quoted), None
    seen_from = text(entry.get("fullUrl"))
    holder = request.absolute(record(coverage.get("beneficiary")), seen_from)
    payor = request.absolute(record(request.focal.get("insurer")))
    corrected = coverage_of({}, text(holder.get("reference")), payor, number)
    corrected["identifier"][0]["system"] = text(records(coverage["identifier"])[0].get("system"))
    return {"reference": url_of(corrected)}, corrected


def _insurance(request: Request, coverage: Json, judgement: Judgement, stamp: Stamp) -> Json:
    year = riyadh_day(stamp.at).year
    asked = first(extensions_named(["referral"], records(request.focal.get("extension"))))
    about_referral = (
        [extension("referral-exist", valueBoolean=False)] if asked.get("valueBoolean") is True else []
    )
    said: Json = {
        "extension": [_site(_standing(judgement)), *about_referral],  # BV-00865
        "coverage": coverage,
        "inforce": judgement is not Judgement.REJECT,
        "benefitPeriod": {"start": f"{year}-01-01", "end": f"{year}-12-31"},
    }
    if "benefits" in _purposes(request) and judgement is not Judgement.REJECT:
        said["item"] = [_benefits(judgement)]
    return said


def _benefits(judgement: Judgement) -> Json:
    used = ANNUAL_LIMIT if judgement is Judgement.PARTIAL else Decimal("0.00")
    kind = CS + "benefit-type"
    return {
        "category": concept(CS + "benefit-category", "1"),
        "excluded": False,
        "name": "Medical care",
        "network": concept(HL7 + "benefit-network", "in"),
        "unit": concept(HL7 + "benefit-unit", "individual"),
        "term": concept(HL7 + "benefit-term", "annual"),
        "benefit": [
            {"type": concept(kind, "benefit"), "allowedMoney": money(ANNUAL_LIMIT), "usedMoney": money(used)},
            {"type": concept(kind, "copay-percent"), "allowedUnsignedInt": int(COPAY_RATE * 100)},
        ],
    }


def _standing(judgement: Judgement) -> str:
    match judgement:
        case Judgement.APPROVE:
            return "eligible"
        case Judgement.PARTIAL:
            return "limit-exhausted"
        case Judgement.REJECT:
            return "not-active"
        case _:
            assert_never(judgement)


def _site(code: str) -> Json:
    """Whether the person may be treated at the provider (BV-00503; BV-00535, 558 … 561)."""
    return extension("siteEligibility", valueCodeableConcept=concept(CS + "siteEligibility", code))


def _purposes(request: Request) -> list[object]:
    held = request.focal.get("purpose")
    return held if isinstance(held, list) else []
