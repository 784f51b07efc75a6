"""What may a resource hold that no example shows? Elements by type, put in wherever there is room."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from campaigns.spec import Json
from claimgw.messages.identifiers import CODES, DEFINITIONS

_HL7 = "http://terminology.hl7.org/CodeSystem/"
_MINE = "http://alwaha.example/identifiers/"
_ADDRESS = {"text": "3 Station Road, Riyadh"}
_CONTACT = [{"name": {"text": "Front desk"}, "telecom": [{"system": "phone", "value": "+966-11-555-0199"}]}]


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _named(type_: str) -> Json:
    """A reference by business identifier, to what is not in the message."""
    return {"type": type_, "identifier": {"system": f"{_MINE}{type_.lower()}", "value": "OTHER-1"}}


_DEVICE = [_named("Device")]
_PLACE = {
    "url": DEFINITIONS + "extension-error-expression",
    "valueString": "Bundle.entry[1].resource.item[0]",
}
_REISSUE = {
    "url": DEFINITIONS + "extension-adjudication-reissue",
    "valueCodeableConcept": _concept(CODES + "reissue-reason", "audit"),
}
_ELEMENTS: Mapping[str, Mapping[str, Any]] = {
    "Claim": {
        "referral": _named("ServiceRequest"),
        "insurance.claimResponse": _named("ClaimResponse"),
        "accident.locationAddress": _ADDRESS,
        "item.udi": _DEVICE,
        "item.detail.udi": _DEVICE,
        "item.detail.subDetail.udi": _DEVICE,
    },
    "ClaimResponse": {
        "insurance.claimResponse": _named("ClaimResponse"),
        "addItem.provider": [{"display": "Any practitioner"}],
        "addItem.bodySite": _concept(CODES + "body-site", "E1"),
        "addItem.subSite": [_concept(CODES + "subsite", "R")],
    },
    "Coverage": {
        "subscriberId": "SUB-1",
        "subrogation": False,
        "costToBeneficiary.exception": [
            {
                "type": _concept(CODES + "coverage-financial-exception", "retired"),
                "period": {"start": "2026-01-01"},
            }
        ],
    },
    "Encounter": {
        "priority": _concept(_HL7 + "v3-ActPriority", "EL"),
        "hospitalization.reAdmission": _concept(_HL7 + "v2-0092", "R"),
    },
    "OperationOutcome": {"issue.diagnostics": "See the guide."},
    "Organization": {"address": [_ADDRESS], "contact": _CONTACT},
    "Patient": {"address": [_ADDRESS]},
    "VisionPrescription": {
        "lensSpecification.color": "blue",
        "lensSpecification.brand": "Clear",
        "lensSpecification.note": [{"text": "Thin, please."}],
    },
}


def fuller(bundle: Json) -> Json | None:
    """The message with all of it, or None if nothing is new."""
    made = copy.deepcopy(bundle)
    for entry in made["entry"]:
        resource = entry["resource"]
        for path, value in _ELEMENTS.get(resource["resourceType"], {}).items():
            *way, key = path.split(".")
            for holder in _holders(resource, way):
                holder.setdefault(key, copy.deepcopy(value))
        if resource["resourceType"] == "ClaimResponse":
            _answer(resource)
        if resource["resourceType"] == "Organization":
            _type(resource)
    return made if made != bundle else None


def in_error(bundle: Json) -> Json | None:
    """An answer that decides something, as the one that says why nothing can be decided; None for others."""
    made = copy.deepcopy(bundle)
    response = made["entry"][min(1, len(made["entry"]) - 1)]["resource"]
    if "request" not in response or response.get("outcome") != "complete":
        return None
    for decided in ("item", "total", "preAuthRef", "preAuthPeriod", "processNote"):
        response.pop(decided, None)
    left = [one for one in response.pop("extension", ()) if not one["url"].endswith("adjudication-outcome")]
    if left:
        response["extension"] = left
    response |= {"outcome": "error", "error": [{"code": _concept(CODES + "adjudication-error", "1657")}]}
    if response["resourceType"] == "ClaimResponse":
        _answer(response)
    else:
        response["error"][0]["extension"] = [_PLACE]
    return made


def _holders(value: Any, way: list[str]) -> Iterator[Json]:
    for one in value if isinstance(value, list) else [value]:
        if not way:
            yield one
        elif way[0] in one:
            yield from _holders(one[way[0]], way[1:])


def _answer(response: Json) -> None:
    """Decided items get details that say the same; what is decided may be said again; errors get a place."""
    for item in response.get("item", ()):
        part = {"adjudication": copy.deepcopy(item["adjudication"])}
        if "noteNumber" in item:
            part["noteNumber"] = copy.deepcopy(item["noteNumber"])
        item.setdefault("detail", [{"detailSequence": 1, **part}])
        for detail in item["detail"]:
            detail.setdefault("subDetail", [{"subDetailSequence": 1, **copy.deepcopy(part)}])
    for item in response.get("addItem", ()):
        for detail in item.get("detail", ()):
            detail.setdefault("subDetail", [copy.deepcopy(detail)])
    if response["outcome"] == "complete":
        extensions = response.setdefault("extension", [])
        extensions += [] if any(one["url"] == _REISSUE["url"] for one in extensions) else [_REISSUE]
    for error in response.get("error", ()):
        error |= {"itemSequence": 1, "detailSequence": 1, "subDetailSequence": 1}
        error.setdefault("extension", [_PLACE])


def _type(organization: Json) -> None:
    """The type of its licence, where it may have one."""
    for one in organization.get("identifier", ()):
        if one["system"].endswith("provider-license"):
            one.setdefault("type", _concept(_HL7 + "v2-0203", "PRN"))
