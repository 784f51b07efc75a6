"""What does a claim look like for each class of encounter? At 0.3.0 each has a profile of its own."""

import copy
from collections.abc import Iterator
from typing import Any

from campaigns.spec import Json
from claimgw.messages.identifiers import CODES, DEFINITIONS

_OF_TYPE = {"professional": ("AMB", "EMER", "HH", "VR"), "institutional": ("IMP", "SS")}
_URGENT = ("triage", "emergency")


def of_each_class(bundle: Json) -> Iterator[tuple[str, Json]]:
    """(class, message) for the other classes that its type of claim may have, if its version is 0.3.0."""
    claim, encounter = _find(bundle, "Claim"), _find(bundle, "Encounter")
    if claim is None or encounter is None or not _profile(encounter).startswith("encounter-"):
        return
    for class_ in _OF_TYPE.get(_code(claim["type"]), ()):
        if class_ != encounter["class"]["code"]:
            yield class_, _with(bundle, class_)


def _with(bundle: Json, class_: str) -> Json:
    made = copy.deepcopy(bundle)
    claim, encounter = _find(made, "Claim"), _find(made, "Encounter")
    assert claim is not None
    assert encounter is not None
    _, use, _ = _profile(encounter).split("-")
    encounter["meta"]["profile"] = [f"{DEFINITIONS}encounter-{use}-{class_}|0.3.0"]
    encounter["class"] = {"system": encounter["class"]["system"], "code": class_}
    if class_ in _OF_TYPE["professional"]:
        claim["subType"] = _concept("claim-subtype", "emr" if class_ == "EMER" else "op")
        usual = [one for one in encounter["extension"] if not _is_urgent(one["url"])]
        encounter["extension"] = usual + (_urgent(encounter, use) if class_ == "EMER" else [])
    return made


def _urgent(encounter: Json, use: str) -> list[Json]:
    """What an emergency needs, and a claim for it more."""
    start = encounter["period"]["start"]
    found = [
        _extension("triageDate", valueDateTime=start),
        _extension("triageCategory", valueCodeableConcept=_concept("triage-category", "U")),
    ]
    if use == "claim":
        arrived = _concept("emergency-arrival-code", "GEMSA")
        left = _concept("emergency-department-disposition", "AH")
        found += [
            _extension("emergencyArrivalCode", valueCodeableConcept=arrived),
            _extension("emergencyServiceStart", valueDateTime=start),
            _extension("emergencyDepartmentDisposition", valueCodeableConcept=left),
        ]
    return found


def _is_urgent(url: str) -> bool:
    return url.removeprefix(DEFINITIONS + "extension-").startswith(_URGENT)


def _find(bundle: Json, type_: str) -> Json | None:
    resources = (entry["resource"] for entry in bundle["entry"])
    return next((one for one in resources if one["resourceType"] == type_), None)


def _profile(resource: Json) -> str:
    return str(resource["meta"]["profile"][0]).split("|")[0].removeprefix(DEFINITIONS)


def _code(concept: Json) -> str:
    return str(concept["coding"][0]["code"])


def _extension(name: str, **value: Any) -> Json:
    return {"url": f"{DEFINITIONS}extension-{name}", **value}


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": CODES + system, "code": code}]}
