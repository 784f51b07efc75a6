"""What does a rule ask, in one sentence? As its constraint or code says; else told from kind and element."""

from claimgw.conformance.rulebook.coverage import Rule
from claimgw.conformance.rulebook.placements import Placement

_NUMBERS = {"1..1": "exactly once", "0..1": "at most once", "1..*": "at least once", "0..0": "not at all"}
_KINDS = {
    "cardinality": "is given as often as base FHIR says",
    "type": "has the form of its type",
    "binding": "has a code of the list that is bound to it",
    "reference": "leads to what its profile allows",
    "fixed": "has the value that its profile fixes",
    "choice": "is given in one type only",
    "slicing": "holds only what its profile names",
}
_FAMILIES = {
    "IC": "is given as often as its profile says",
    "DT": "has the form of its type",
    "IB": "has a code of the list that is bound to it",
    "RE": "leads to what its profile allows",
}


def sentence(rule: Rule) -> str:
    """English; "" if nothing is known of the rule but its element."""
    of_constraint = next((place.text for place in rule.placements if place.text), "")
    of_program = rule.program.text if rule.program else ""
    if told := rule.listed.text or of_constraint or of_program:
        return told
    said = {_said(place) for place in rule.placements}
    if len(said) == 1:
        return f"{rule.listed.element} {said.pop()}."
    asked = _FAMILIES.get(rule.listed.family)
    return f"{rule.listed.element} {asked}." if asked and rule.listed.element else ""


def _said(place: Placement) -> str:
    match place.kind:
        case "cardinality" if place.number:
            return f"is given {_NUMBERS.get(place.number, place.number + ' times')}"
        case "type" if place.types:
            return f"has the form of {_either(place.types)}"
        case "binding" if place.value_set:
            return f"has a code of the list {place.value_set.rsplit('/', 1)[-1]}"
        case "reference" if place.targets:
            return f"leads to {_either(place.targets)}"
        case "length":
            arabic = f", {place.longest_arabic} in Arabic" if place.longest_arabic else ""
            return f"has no more than {place.longest} characters{arabic}"
    return _KINDS.get(place.kind, "keeps to its profile")


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(dict.fromkeys(names))
