"""Can other tools use our definitions? What the HL7 validator asks of a differential, to make a snapshot."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from claimgw.conformance.base import structure
from claimgw.conformance.compiler.schema import Element
from claimgw.conformance.definitions import profiles_folder

Json = dict[str, Any]


def test_elements_stand_in_the_order_of_r4() -> None:
    assert [said for definition in _definitions() for said in _misplaced(definition)] == []


def test_no_minimum_is_below_that_of_r4() -> None:
    assert [said for definition in _definitions() for said in _too_low(definition)] == []


def test_what_stands_out_of_order_or_is_too_low_is_told() -> None:
    lines: list[Json] = [
        {"id": "Annotation", "path": "Annotation"},
        {"id": "Annotation.text", "path": "Annotation.text", "min": 0},
        {"id": "Annotation.author[x]", "path": "Annotation.author[x]"},
    ]
    definition = {"url": "notes", "type": "Annotation", "differential": {"element": lines}}
    assert list(_misplaced(definition)) == ["notes: Annotation.author[x] stands after Annotation.text"]
    assert list(_too_low(definition)) == ["notes: Annotation.text"]


def _definitions() -> Iterator[Json]:
    for file in sorted(profiles_folder().glob("nphies-fs/*/StructureDefinition-*.json")):
        yield json.loads(file.read_text(encoding="utf-8"))


def _misplaced(definition: Json) -> Iterator[str]:
    last: dict[tuple[str, ...], tuple[int, str]] = {}
    for line, holder, step in _lines(definition):
        parent, rank = tuple(line["id"].split(".")[:-1]), _names(holder).index(step)
        before, its_id = last.get(parent, (0, ""))
        if rank < before:
            yield f"{definition['url']}: {line['id']} stands after {its_id}"
        last[parent] = rank, line["id"]


def _too_low(definition: Json) -> Iterator[str]:
    for line, holder, step in _lines(definition):
        base = _element(holder, step)
        if base is not None and base.required and "sliceName" not in line and line.get("min", 1) < 1:
            yield f"{definition['url']}: {line['id']}"


@cache
def _names(type_: str) -> tuple[str, ...]:
    """The elements of a type in the order of R4, choices under one name."""
    elements = structure(type_).elements
    named = (
        elements[name].place if name in elements else name
        for name in get_fhir_model_class(type_).elements_sequence()
    )
    return tuple(dict.fromkeys(named))


def _element(type_: str, name: str) -> Element | None:
    elements = structure(type_).elements
    return elements.get(name) or next((one for one in elements.values() if one.place == name), None)


def _lines(definition: Json) -> Iterator[tuple[Json, str, str]]:
    """Each line of an element, the type that holds it, and its name there."""
    for line in definition["differential"]["element"]:
        holder = definition["type"]
        first, *steps = (step.removesuffix("[x]") for step in line["path"].split("."))
        assert first == holder
        for step in steps[:-1]:
            inner = _element(holder, step)
            assert inner is not None, line["path"]
            holder = "Element" if inner.primitive else inner.type
        if steps:
            yield line, holder, steps[-1]
