"""What may a claim hold that no example shows? A copy of each, with more in it, and still valid."""

import copy
from typing import Any

from campaigns.spec import Json
from claimgw.messages.identifiers import CODES, DEFINITIONS

_HL7 = "http://terminology.hl7.org/CodeSystem/"
_PRESCRIBED = ("medicationRequest", "strength")
_ON_DETAILS = (
    "tax",
    "prescribed-Medication",
    "pharmacist-Selection-Reason",
    "pharmacist-substitute",
    *_PRESCRIBED,
)
_MINE = "http://alwaha.example/identifiers/"


def grafted(bundle: Json) -> Json | None:
    """The message with a related claim, an accident, details of details and optional extensions, or None."""
    more = copy.deepcopy(bundle)
    claim = next((one for one in _resources(more) if one["resourceType"] == "Claim"), None)
    if claim is None:
        return None
    other = {"type": "Claim", "identifier": {"system": _MINE + "claim", "value": "CLM-OTHER"}}
    prior = _concept(CODES + "related-claim-relationship", "prior")
    claim["related"] = [{"claim": other, "relationship": prior}]
    sport = _concept(_HL7 + "v3-ActCode", "SPT")
    claim["accident"] = {"date": str(claim["created"])[:10], "type": sport}
    _extend(claim)
    if "facility" not in claim:
        more["entry"].append(_facility(claim, more["entry"][1]["fullUrl"].partition("/Claim/")[0]))
    if claim["type"]["coding"][0]["code"] in ("institutional", "pharmacy"):
        ordered = {"system": _MINE + "medication-request", "value": "MR-OTHER"}
        claim["originalPrescription"] = {"type": "MedicationRequest", "identifier": ordered}
    if "payee" in claim:
        party = copy.deepcopy(claim["provider"])
        claim["payee"] = {"type": _concept(_HL7 + "payeetype", "other"), "party": party}
    for item in claim["item"]:
        _complete(claim, item)
        if "detail" not in item:
            item["detail"] = [_part(item) | {"subDetail": [_part(item, "tax", *_PRESCRIBED)]}]
    for patient in (one for one in _resources(more) if one["resourceType"] == "Patient"):
        religion = _concept(CODES + "religion", "1")
        patient["extension"].append(_extension("patient-religion", valueCodeableConcept=religion))
    return more


def _resources(bundle: Json) -> list[Json]:
    return [entry["resource"] for entry in bundle["entry"]]


def _extend(claim: Json) -> None:
    extensions: list[Json] = claim.setdefault("extension", [])
    there = {one["url"] for one in extensions}
    added = [_extension("newborn", valueBoolean=False)]
    if not any("eligibility" in url for url in there):
        added += _eligibility(claim)
    if claim["use"] == "preauthorization":
        added.append(_extension("transfer", valueBoolean=False))
        claim.setdefault("fundsReserve", _concept(_HL7 + "fundsreserve", "provider"))
    else:
        period = {"start": "2026-01-01", "end": "2026-12-31"}
        batch = {"system": _MINE + "batch", "value": "B-1"}
        added.append(_extension("batch-identifier", valueIdentifier=batch))
        added.append(_extension("batch-number", valuePositiveInt=1))
        added.append(_extension("batch-period", valuePeriod=period))
        if claim["use"] == "claim" and not any("authorization" in url for url in there):
            answer = {"system": _MINE + "authorization", "value": "PA-OTHER"}
            reference = {"type": "ClaimResponse", "identifier": answer}
            added.append(_extension("priorauth-response", valueReference=reference))
            claim["insurance"][0]["preAuthRef"] = ["PA-OTHER-1"]
    extensions += [one for one in added if one["url"] not in there]


def _facility(claim: Json, base: str) -> Json:
    """The entry of the department where it was done, which the claim refers to from now on."""
    url = f"{base}/Location/91999"
    claim["facility"] = {"reference": url}
    place: Json = {
        "resourceType": "Location",
        "id": "91999",
        "meta": {"profile": [DEFINITIONS + "location|" + claim["meta"]["profile"][0].partition("|")[2]]},
        "identifier": [{"system": "http://nphies.sa/license/location-license", "value": "LOC-1"}],
        "status": "active",
        "type": [_concept(CODES + "clinic-specialty", "P01-03")],
        "managingOrganization": copy.deepcopy(claim["provider"]),
    }
    return {"fullUrl": url, "resource": place}


def _eligibility(claim: Json) -> list[Json]:
    """It was asked for: off line before an authorization, else by a message."""
    if claim["use"] == "preauthorization":
        return [
            _extension("eligibility-offline-reference", valueString="OFF-1"),
            _extension("eligibility-offline-date", valueDateTime=str(claim["created"])[:10]),
        ]
    answer = {"system": _MINE + "eligibility-response", "value": "ER-OTHER"}
    reference = {"type": "CoverageEligibilityResponse", "identifier": answer}
    return [_extension("eligibility-response", valueReference=reference)]


def _complete(claim: Json, item: Json) -> None:
    """What leaves the sums as they are: a factor of one, the payer's share, a site of the body."""
    if claim["use"] != "predetermination":
        item.setdefault("factor", 1)
    shares = {one["url"]: one.get("valueMoney") for one in item["extension"]}
    mine, theirs = (DEFINITIONS + f"extension-{name}-share" for name in ("patient", "payer"))
    if mine in shares and theirs not in shares:
        rest = item["net"]["value"] - shares[mine]["value"]
        item["extension"].append(_extension("payer-share", valueMoney={"value": rest, "currency": "SAR"}))
    if claim["type"]["coding"][0]["code"] in ("institutional", "professional", "pharmacy"):
        item.setdefault("bodySite", _concept(CODES + "body-site", "E1"))
        item.setdefault("subSite", [_concept(CODES + "subsite", "R")])


def _part(item: Json, *names: str) -> Json:
    """A detail that is the whole of its item: all sums stay right."""
    urls = [DEFINITIONS + "extension-" + name for name in names or _ON_DETAILS]
    part = {
        key: copy.deepcopy(item[key])
        for key in ("productOrService", "quantity", "unitPrice", "factor", "net")
        if key in item
    }
    extensions = [copy.deepcopy(one) for one in item["extension"] if one["url"] in urls]
    return {"sequence": 1} | part | ({"extension": extensions} if extensions else {})


def _extension(name: str, **value: Any) -> Json:
    return {"url": f"{DEFINITIONS}extension-{name}", **value}


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}
