"""Where do the definitions put a code: at which element of which profile, for which kind of fault?"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from claimgw.conformance.definitions import Definition, Definitions, Package, marks
from claimgw.conformance.rulebook.error_codes import error_codes
from claimgw.conformance.rulebook.idle import idle
from claimgw.conformance.terminology import Terminology

_MEMBER_OF = re.compile(r"memberOf\('([^']+)'\)")


@dataclass(frozen=True, slots=True)
class Placement:
    """One element of one profile. `kind` is that of the fault, or `constraint`.

    `number` is the cardinality, `0..1` as FHIR writes it; "": no other than base FHIR's. `value_set` is bound
    to the element or to the value of the extension that stands there, or is asked for by the constraint;
    `whole`: all its codes are known. `stated` is the code that goes out for a fault when the one asked for is
    another name of it. `idle` is why the code can never be given there; "": it can.
    """

    profile: str
    version: str
    element: str
    kind: str
    number: str = ""
    types: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    value_set: str = ""
    whole: bool = True
    longest: int | None = None
    longest_arabic: int | None = None
    text: str = ""
    expression: str = ""
    severity: str = ""
    stated: str = ""
    idle: str = ""


def placements(definitions: Definitions, terminology: Terminology) -> Mapping[str, tuple[Placement, ...]]:
    """By code; the packages in their order, the profiles by name."""
    found: defaultdict[str, list[Placement]] = defaultdict(list)
    for definition, package in definitions.all("StructureDefinition"):
        for element in definition.get("differential", {}).get("element", ()):
            for code, placement in _of(definition, package, element, definitions, terminology):
                found[code].append(placement)
    return {code: tuple(places) for code, places in found.items()}


def _of(
    definition: Definition,
    package: Package,
    element: Mapping[str, Any],
    definitions: Definitions,
    terminology: Terminology,
) -> Iterator[tuple[str, Placement]]:
    about = definition["id"], package.version, element["id"]
    for given in element.get("constraint", ()):
        asked = next(_open_lists(given["expression"], terminology, package.name), "")
        for code in (given["key"], *marks(given, "same-rule")):
            yield (
                code,
                Placement(
                    *about,
                    "constraint",
                    text=given["human"],
                    expression=given["expression"],
                    severity=given["severity"],
                    value_set=asked,
                    whole=not asked,
                    stated=given["key"] if code != given["key"] else "",
                ),
            )
    bound = next(bindings(element, definitions, package.name), "")
    whole = not bound or terminology.value_set(bound, package.name).complete
    given_codes = tuple(error_codes(element))
    for one in given_codes:
        yield (
            one.code,
            Placement(
                *about,
                one.kind,
                number=f"{element.get('min', 0)}..{element.get('max', '*')}" if "min" in element else "",
                types=tuple(type_["code"] for type_ in element.get("type", ())),
                targets=tuple(
                    target.rsplit("/", 1)[-1]
                    for type_ in element.get("type", ())
                    for target in type_.get("targetProfile", ())
                ),
                value_set=bound,
                whole=whole or one.kind != "binding",
                longest=element.get("maxLength"),
                longest_arabic=next(marks(element, "arabic-max-length"), None),
                stated=one.stated,
                idle=idle(definition["type"], element, one, given_codes, bound),
            ),
        )


def _open_lists(expression: str, terminology: Terminology, near: str) -> Iterator[str]:
    """The value sets a constraint asks for of which not all codes are known."""
    for canonical in _MEMBER_OF.findall(expression):
        if not terminology.value_set(canonical, near).complete:
            yield canonical


def bindings(element: Mapping[str, Any], definitions: Definitions, near: str) -> Iterator[str]:
    """The value sets bound to the element, or to the value of the extension it is a slice of."""
    binding = element.get("binding")
    if binding is not None and binding.get("strength") == "required":
        yield binding["valueSet"]
    if "sliceName" not in element:
        return
    for type_ in element.get("type", ()):
        for profile in type_.get("profile", ()):
            located = definitions.find("StructureDefinition", profile, near)
            for inner in located[0]["differential"]["element"] if located else ():
                if inner["id"] == "Extension.value[x]":
                    yield from bindings(inner, definitions, near)
