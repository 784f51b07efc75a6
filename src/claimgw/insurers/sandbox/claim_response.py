"""What does the insurer's ClaimResponse look like: decided, queued or refused?"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum

from claimgw.ids import derived_id
from claimgw.insurers.sandbox.adjudicate import Adjudication, Amounts, Line, Outcome, Reason
from claimgw.insurers.sandbox.reading import Request, first, record, records, text
from claimgw.insurers.sandbox.terms import (
    ADJUDICATION_OUTCOME,
    ADJUDICATION_REASON,
    BATCH,
    HL7_ADJUDICATION,
    KSA_ADJUDICATION,
    REISSUE_REASON,
    Json,
    concept,
    extension,
    extensions_named,
    meta,
    money,
    own_identifier,
    payer_error,
)

RIYADH = timezone(timedelta(hours=3))
AUTHORIZED_DAYS = 30
_PROFILES = {"claim": "claim-response", "preauthorization": "prior-auth-response"}


class Stage(StrEnum):
    """The two outcomes under which items are judged (remittance-outcome)."""

    PARTIAL = "partial"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class PayerError:
    """A finding of the insurer (spec 8.6). `element` is the place inside the Claim that it is about."""

    code: str
    display: str
    element: str


UNKNOWN_MEMBER = PayerError("1658", "No member was found with these credentials", "insurance[0].coverage")
DUPLICATE = PayerError("1677", "Duplicate by service codes and dates", "item")


@dataclass(frozen=True, slots=True)
class Stamp:
    """The ids and the time a message is written with. `focal_id` is for the resource in focus."""

    bundle_id: str
    header_id: str
    focal_id: str
    at: datetime


def needs_reissue_reason(request: Request, earlier: tuple[str, ...]) -> bool:
    """Whether an answer after those outcomes must say why it is issued again.

    For a claim after the first complete one (BV-00055), for an authorization after any (BV-00121).
    """
    return bool(earlier) if _use(request) == "preauthorization" else Stage.COMPLETE in earlier


def decided(
    request: Request, adjudication: Adjudication, stamp: Stamp, *, stage: Stage, earlier: tuple[str, ...] = ()
) -> Json:
    """The verdict on every item, with totals. `earlier` holds the outcomes already answered."""
    said = [outcome_said(adjudication.outcome.value)]
    if needs_reissue_reason(request, earlier):
        said.append(reissued("adjudication"))
    response = _bare(request, stamp, stage.value, said)
    if _use(request) == "preauthorization":
        _authorize(request, response, adjudication.outcome, stamp.at)
    response["item"] = [_item(line) for line in adjudication.items]
    response["total"] = amounts_of(adjudication.totals)
    return response


def queued(request: Request, stamp: Stamp) -> Json:
    """Received and not yet looked at: no items (BV-00228), adjudication-outcome pended (BV-00395)."""
    response = _bare(request, stamp, "queued", [outcome_said("pended")])
    return {**response, "disposition": "Received without errors; the decision follows in a later message."}


def refused(request: Request, error: PayerError, stamp: Stamp) -> Json:
    """The request has no standing: coded errors (BV-00505), no items, no adjudication-outcome (BV-00396)."""
    place = f"bundle.entry[{request.focal_place}].resource.{error.element}"
    code = payer_error(error.code, error.display, place)
    return {**_bare(request, stamp, "error", []), "error": [{"code": code}]}


def _bare(request: Request, stamp: Stamp, outcome: str, said: list[Json]) -> Json:
    """What every ClaimResponse has. Type, subType, use and parties equal the Claim's (BV-00072 … 81)."""
    claim = record(request.claim)
    held = extensions_named(BATCH, records(claim.get("extension"))) if _use(request) == "claim" else []
    response: Json = {
        "resourceType": "ClaimResponse",
        "id": stamp.focal_id,
        "meta": meta(_PROFILES[_use(request)]),
        "extension": said + held,
        "identifier": [own_identifier("ClaimResponse", stamp.focal_id)],
        "status": "active",
        **{name: claim[name] for name in ("type", "subType", "use") if name in claim},
        "patient": request.absolute(record(claim.get("patient"))),
        "created": local(stamp.at),
        "insurer": request.absolute(record(claim.get("insurer"))),
        "requestor": request.absolute(record(claim.get("provider"))),
        "request": {"type": "Claim", "identifier": request.identifier},
        "outcome": outcome,
        "insurance": [
            {
                **{name: one[name] for name in ("sequence", "focal") if name in one},
                "coverage": request.absolute(record(one.get("coverage"))),
            }
            for one in records(claim.get("insurance"))
        ],
    }
    return {name: value for name, value in response.items() if value not in ([], {})}


def _authorize(request: Request, response: Json, outcome: Outcome, at: datetime) -> None:
    """Add the reference and the period of an authorization, and of a transfer where one was asked for."""
    response["preAuthRef"] = _authorization_number(request)
    if outcome is Outcome.REJECTED:
        return
    today = riyadh_day(at)
    response["preAuthPeriod"] = authorized_period(today)
    transfer = first(extensions_named(["transfer"], records(record(request.claim).get("extension"))))
    if transfer.get("valueBoolean") is True:  # BV-00546, 00547, 00562; forbidden otherwise
        anyone = {"type": "Organization", "display": "Any provider in the network"}
        response["extension"] += [
            extension("transferAuthorizationNumber", valueString="TR-" + response["preAuthRef"]),
            extension("transferAuthorizationPeriod", valuePeriod=authorized_period(today)),
            extension("transferAuthorizationProvider", valueReference=anyone),
        ]


def _authorization_number(request: Request) -> str:
    """The number first issued never changes: a restatement brings it along, or names the original (6.2)."""
    claim = record(request.claim)
    insurance = records(claim.get("insurance"))
    for brought in (one.get("preAuthRef") for one in insurance):
        if isinstance(brought, list) and brought and text(brought[0]):
            return text(brought[0])
    related = record(record(first(records(claim.get("related"))).get("claim")).get("identifier"))
    original = related if text(related.get("value")) else request.identifier
    return derived_id("preAuthRef", text(original.get("system")), text(original.get("value")))


def authorized_period(start: date) -> Json:
    """How long an authorization given on that day holds."""
    return {"start": start.isoformat(), "end": (start + timedelta(days=AUTHORIZED_DAYS)).isoformat()}


def _item(line: Line) -> Json:
    said = [outcome_said(line.outcome.value)]
    if line.invoice is not None:  # BV-00534, BV-00537
        said.append(extension("patientInvoice", valueIdentifier=line.invoice))
    item: Json = {"extension": said, "itemSequence": line.sequence, "adjudication": adjudication_of(line)}
    if line.details:
        item["detail"] = [
            {"detailSequence": part.sequence, "adjudication": adjudication_of(part)} for part in line.details
        ]
    return item


def adjudication_of(line: Line) -> list[Json]:
    """The amounts and the quantity granted of one line, and why not all."""
    lines = amounts_of(line.amounts)
    if line.reason is not None:
        benefit = next(one for one in lines if one["category"]["coding"][0]["code"] == "benefit")
        benefit["reason"] = _reason(line.reason)
    return [
        *lines,
        {"category": concept(KSA_ADJUDICATION, "approved-quantity"), "value": line.quantity},
    ]


def amounts_of(amounts: Amounts) -> list[Json]:
    """The four amounts of a line, or of all, each with its category."""
    by_category = {
        "eligible": amounts.eligible,
        "copay": amounts.copay,
        "benefit": amounts.benefit,
        "tax": amounts.tax,
    }
    return [
        {"category": concept(HL7_ADJUDICATION, category), "amount": money(amount)}
        for category, amount in by_category.items()
    ]


def _reason(reason: Reason) -> Json:
    return concept(ADJUDICATION_REASON, reason.code, reason.display)


def outcome_said(code: str) -> Json:
    """The extension adjudication-outcome."""
    return extension("adjudication-outcome", valueCodeableConcept=concept(ADJUDICATION_OUTCOME, code))


def reissued(reason: str) -> Json:
    """The extension adjudication-reissue; `reason` is a code of CS/reissue-reason."""
    return extension("adjudication-reissue", valueCodeableConcept=concept(REISSUE_REASON, reason))


def _use(request: Request) -> str:
    """What the event asks for; that the Claim's own `use` says the same is the gateway's to check."""
    return "preauthorization" if request.event == "priorauth-request" else "claim"


def local(at: datetime) -> str:
    """A time as insurers there write it: Riyadh's, to the second, with its offset."""
    return at.astimezone(RIYADH).isoformat(timespec="seconds")


def riyadh_day(at: datetime) -> date:
    return at.astimezone(RIYADH).date()
