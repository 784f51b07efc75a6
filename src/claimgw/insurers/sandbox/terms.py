"""How are codes, extensions and amounts written in an insurer's answer?"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

SD = "http://nphies.sa/fhir/ksa/nphies-fs/StructureDefinition/"
CS = "http://nphies.sa/terminology/CodeSystem/"
HL7_ADJUDICATION = "http://terminology.hl7.org/CodeSystem/adjudication"
KSA_ADJUDICATION = CS + "ksa-adjudication"
ADJUDICATION_REASON = CS + "adjudication-reason"
ADJUDICATION_ERROR = CS + "adjudication-error"
ADJUDICATION_OUTCOME = CS + "adjudication-outcome"
REISSUE_REASON = CS + "reissue-reason"
EVENTS = CS + "ksa-message-events"

# Where the sandbox's own resources are said to live; a name that can never be reached (RFC 2606).
BASE = "http://insurer.example"


def meta(profile: str) -> Json:
    """The `meta` of a resource that declares an nphies profile, always with its version (BV-00225)."""
    return {"profile": [f"{SD}{profile}|1.0.0"]}


def concept(system: str, code: str, display: str = "") -> Json:
    """A CodeableConcept of one coding."""
    coding = {"system": system, "code": code}
    if display:
        coding["display"] = display
    return {"coding": [coding]}


def extension(name: str, **value: Any) -> Json:
    """An nphies extension by its short name, as in `extension("transfer", valueBoolean=True)`."""
    return {"url": f"{SD}extension-{name}", **value}


def extensions_named(names: Iterable[str], held: list[Json]) -> list[Json]:
    """Those of `held` that carry one of the short names, in the order they came."""
    urls = [f"{SD}extension-{name}" for name in names]  # no set: a url may be anything, even unhashable
    return [one for one in held if one.get("url") in urls]


def money(amount: Decimal) -> Json:
    return {"value": amount, "currency": "SAR"}
