"""Which fault can be made of a sound example for a code that has no written one? One change, then a look."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from claimgw.conformance.definitions import Definitions
from claimgw.conformance.placements import Placement
from claimgw.conformance.spoilt import Change, Spoilt, SpoiltExample, patched
from claimgw.messages.findings import Finding

Tree = dict[str, Any]
# A message, and the time it came.
Judge = Callable[[Tree, str], list[Finding]]

_MOST_TRIES = 300
_NO_FORM: tuple[Any, ...] = ({"no": "form"}, "no form", True)
_NO_CODE = {"system": "http://example.org/no-such-list", "code": "no-such-code"}
_NO_CODES: tuple[Any, ...] = ("no-such-code", {"coding": [_NO_CODE]}, [{"coding": [_NO_CODE]}], _NO_CODE)
_WHAT = {
    "cardinality": "the element is missing, or there too often",
    "type": "the value has not the form of its type",
    "binding": "the code is none of the list",
    "reference": "the reference leads to the header of the message",
    "length": "the text is one character too long",
}


def made(
    code: str,
    placements: tuple[Placement, ...],
    examples: Mapping[str, Tree],
    definitions: Definitions,
    judge: Judge,
) -> Spoilt | None:
    """A fault that really earns the code; None if none of those that are tried does.

    `examples` are messages by name, `judge` tells all findings of one.
    """
    tries = 0
    for placement in placements:
        for name, sound in examples.items():
            for change in _changes(placement, sound, definitions):
                tries += 1
                if tries > _MOST_TRIES:
                    return None
                spoilt = patched(sound, [change])
                received = sound["timestamp"]
                found = next((one for one in judge(spoilt, received) if one.code == code), None)
                if found is not None and all(one.code != code for one in judge(sound, received)):
                    example = SpoiltExample(code, _WHAT[placement.kind], name, (change,), found.path)
                    return Spoilt(example, sound, spoilt)
    return None


def _changes(placement: Placement, sound: Tree, definitions: Definitions) -> Iterator[Change]:
    if placement.kind not in _WHAT or placement.idle or placement.stated or ":" in placement.element:
        return
    type_, *steps = placement.element.split(".")
    for pointer, resource in _resources(sound):
        if resource.get("resourceType") == type_ and _declares(resource, placement, definitions):
            for place, value in _places(pointer, resource, steps):
                yield from _faults(placement, place, value, sound)


def _resources(sound: Tree) -> Iterator[tuple[str, Tree]]:
    yield "", sound
    for index, entry in enumerate(sound["entry"]):
        yield f"/entry/{index}/resource", entry["resource"]


def _declares(resource: Tree, placement: Placement, definitions: Definitions) -> bool:
    """Whether the profile of the placement is one that the resource declares, or holds for its type."""
    if placement.profile.startswith("any-"):
        return True
    declared = resource.get("meta", {}).get("profile", ())
    found = (definitions.find("StructureDefinition", one) for one in declared)
    return any(
        located is not None
        and located[0]["id"] == placement.profile
        and located[1].version == placement.version
        for located in found
    )


def _places(pointer: str, node: Any, steps: list[str]) -> Iterator[tuple[str, Any]]:
    """JSON pointer and value of the elements at the end of the path; None: only the last step is missing."""
    if not steps:
        yield pointer, node
        return
    name, *rest = steps
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _places(f"{pointer}/{index}", item, steps)
    elif isinstance(node, dict):
        keys = [key for key in node if key == name or _is_of_choice(key, name)]
        for key in keys:
            yield from _places(f"{pointer}/{key}", node[key], rest)
        if not keys and not rest:
            yield f"{pointer}/{name}", None


def _is_of_choice(key: str, name: str) -> bool:
    stem = name.removesuffix("[x]")
    return stem != name and key.startswith(stem) and key[len(stem) : len(stem) + 1].isupper()


def _faults(placement: Placement, place: str, value: Any, sound: Tree) -> Iterator[Change]:
    if value is None:
        yield from _added(placement, place)
        return
    match placement.kind:
        case "cardinality":
            yield Change("remove", place)
            if isinstance(value, list) and value:
                yield Change("add", f"{place}/-", value[0])
            else:
                yield Change("replace", place, [value, value])
        case "type":
            yield from (Change("replace", place, other) for other in _NO_FORM)
        case "binding":
            yield from (Change("replace", code, "no-such-code") for code in _codes(place, value))
        case "reference" if isinstance(value, dict) and "reference" in value:
            # No element but the Bundle's refers to the header.
            yield Change("replace", f"{place}/reference", sound["entry"][0]["fullUrl"])
        case "length" if placement.longest is not None and isinstance(value, str):
            yield Change("replace", place, "x" * (placement.longest + 1))


def _added(placement: Placement, place: str) -> Iterator[Change]:
    """What may be left out, given wrongly."""
    stem = place.removesuffix("[x]")
    names = [place] if stem == place else [stem + type_[0].upper() + type_[1:] for type_ in placement.types]
    for name in names:
        match placement.kind:
            case "cardinality":
                yield Change("add", name, ["x", "x"])
            case "type":
                yield from (Change("add", name, other) for other in _NO_FORM)
            case "binding":
                yield from (Change("add", name, other) for other in _NO_CODES)
            case "length" if placement.longest is not None:
                yield Change("add", name, "x" * (placement.longest + 1))


def _codes(place: str, value: Any) -> Iterator[str]:
    """The pointers of the codes in a code, a Coding or a CodeableConcept."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict):
        if "code" in value:
            yield f"{place}/code"
        if "coding" in value:
            yield f"{place}/coding/0/code"
