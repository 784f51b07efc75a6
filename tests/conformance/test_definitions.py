"""Are the definitions under profiles/ sound FHIR, closed in themselves and true of our examples?"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from claimgw.conformance.base import is_resource, structure
from claimgw.conformance.fhirpath import Scope, compile_expression

_TOP = Path(__file__).parents[2]
_PACKAGES = sorted(path.parent for path in (_TOP / "profiles").glob("*/*/package.json"))
_OURS = "http://claimgw.org/fhir/StructureDefinition/"
_ERROR_CODE = f"{_OURS}error-code"
_CODE = re.compile(r"(BV|DT|FR|GE|IB|IC|RE)-[0-9]{5}|CANRQ002|POLRS001|ksa-purpose-unique-code")
_KINDS = {
    "cardinality",
    "type",
    "binding",
    "order",
    "reference",
    "fixed",
    "choice",
    "slicing",
    "length",
}
NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)

Json = dict[str, Any]


@cache
def _package(folder: Path) -> tuple[Json, ...]:
    return tuple(json.loads(file.read_bytes()) for file in sorted(folder.glob("*-*.json")))


@cache
def _addresses() -> dict[str, Json]:
    """By address, and by address and version."""
    found: dict[str, Json] = {}
    for folder in reversed(_PACKAGES):
        for one in _package(folder):
            found[one["url"]] = one
            found[f"{one['url']}|{one['version']}"] = one
    return found


def _all(kind: str) -> list[Json]:
    return [one for folder in _PACKAGES for one in _package(folder) if one["resourceType"] == kind]


def _name(one: Json) -> str:
    return f"{one['id']}-{one['version']}"


def _elements() -> Iterator[tuple[Json, Json]]:
    for profile in _all("StructureDefinition"):
        for element in profile["differential"]["element"]:
            yield profile, element


@pytest.mark.parametrize("folder", _PACKAGES, ids=lambda folder: "-".join(folder.parts[-2:]))
def test_a_package_lists_what_it_holds(folder: Path) -> None:
    manifest = json.loads((folder / "package.json").read_bytes())
    (guide,) = (one for one in _package(folder) if one["resourceType"] == "ImplementationGuide")
    assert (guide["packageId"], guide["version"]) == (manifest["name"], manifest["version"])
    listed = {one["reference"]["reference"] for one in guide["definition"]["resource"]}
    held = {f"{one['resourceType']}/{one['id']}" for one in _package(folder) if one is not guide}
    assert listed == held
    assert {f"{name.replace('/', '-')}.json" for name in held} < {file.name for file in folder.iterdir()}


@pytest.mark.parametrize("folder", _PACKAGES, ids=lambda folder: "-".join(folder.parts[-2:]))
def test_every_definition_is_a_sound_resource(folder: Path) -> None:
    for one in _package(folder):
        kind = one["resourceType"]
        model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        model.model_validate(one)


def test_every_path_is_one_of_fhir_r4() -> None:
    unknown = [
        (_name(profile), element["path"]) for profile, element in _elements() if not _is(element, profile)
    ]
    assert unknown == []


def _is(element: Json, profile: Json) -> bool:
    """Whether the path leads somewhere; a choice is followed if the profile leaves one type of it."""
    type_, *names = element["path"].split(".")
    at = type_
    for name in names:
        at = f"{at}.{name}"
        place = name.removesuffix("[x]")
        found = [one for one in structure(type_).elements.values() if one.place == place]
        if not found and name != "extension":
            return False
        if name.endswith("[x]"):
            left = [
                one["type"]
                for one in profile["differential"]["element"]
                if one["path"] == at and "type" in one
            ]
            type_ = left[0][0]["code"] if left and len(left[0]) == 1 else "Element"
        else:
            type_ = "Extension" if name == "extension" else "Element" if found[0].primitive else found[0].type
    return True


def test_the_id_of_an_element_is_its_path_with_slices_and_stands_once() -> None:
    seen: set[tuple[str, str]] = set()
    for profile, element in _elements():
        assert (_name(profile), element["id"]) not in seen
        seen.add((_name(profile), element["id"]))
        assert re.sub(r":[^.]+", "", element["id"]) == element["path"]
        assert element["path"].split(".")[0] == profile["type"]
        slice_ = element["id"].rsplit(".", 1)[-1].partition(":")[2]
        assert element.get("sliceName", "") == slice_


def test_every_address_leads_to_a_definition() -> None:
    known = _addresses()
    lost = [address for address in _references() if address not in known and not _of_r4(address)]
    assert lost == []


def _of_r4(address: str) -> bool:
    name = address.removeprefix("http://hl7.org/fhir/StructureDefinition/")
    return name != address and (
        name == "Resource" or is_resource(name) or bool(re.fullmatch(r"[A-Za-z0-9]+", name))
    )


def _references() -> Iterator[str]:
    for profile, element in _elements():
        yield profile["baseDefinition"]
        for type_ in element.get("type", ()):
            yield from (*type_.get("profile", ()), *type_.get("targetProfile", ()))
        if "binding" in element:
            assert element["binding"]["strength"] == "required"
            yield element["binding"]["valueSet"]
        yield from (one["url"] for one in element.get("extension", ()))
        for constraint in element.get("constraint", ()):
            yield from re.findall(r"memberOf\('([^']+)'\)", constraint["expression"])
            yield from (one["url"] for one in constraint.get("extension", ()))
    for values in _all("ValueSet"):
        for part in values.get("compose", {}).get("include", ()):
            yield from part.get("valueSet", ())
            if "system" in part and "concept" not in part:
                yield part["system"]
    for message in _all("MessageDefinition"):
        yield from (one["profile"] for one in message.get("focus", ()))
        yield from (one["message"] for one in message.get("allowedResponse", ()))


def test_error_codes_are_codes_of_nphies_each_kind_once() -> None:
    for profile, element in _elements():
        seen = []
        for one in element.get("extension", ()):
            if one["url"] == _ERROR_CODE:
                parts = {
                    part["url"]: part.get("valueCode", part.get("valueString")) for part in one["extension"]
                }
                assert parts["kind"] in _KINDS, _name(profile)
                assert _CODE.fullmatch(parts["code"]), _name(profile)
                seen.append((parts["kind"], parts.get("type")))
        assert len(seen) == len(set(seen)), (_name(profile), element["id"])


def test_a_value_set_is_marked_incomplete_if_and_only_if_codes_are_missing() -> None:
    systems = {one["url"]: one["content"] == "complete" for one in _all("CodeSystem")}
    marked = {
        values["url"]: any(one["url"] == f"{_OURS}incomplete" for one in values.get("extension", ()))
        for values in _all("ValueSet")
    }
    for values in _all("ValueSet"):
        parts = values.get("compose", {}).get("include", ())
        whole = bool(parts) and all(
            not any(marked[inner] for inner in part["valueSet"])
            if "valueSet" in part
            else "concept" in part or systems[part["system"]]
            for part in parts
        )
        assert marked[values["url"]] is not whole, values["url"]


def test_constraints_compile_and_have_a_key_a_text_and_a_severity() -> None:
    done = set()
    for profile, element in _elements():
        for one in element.get("constraint", ()):
            assert _CODE.fullmatch(one["key"]), (_name(profile), one["key"])
            assert one["severity"] in ("error", "warning")
            assert re.fullmatch(r"[A-ZÀ-Ý].*\.", one["human"])
            resource = profile["type"] if is_resource(profile["type"]) else None
            todo = (one["expression"], _type(element["path"]), resource)
            if todo not in done:
                done.add(todo)
                compile_expression(*todo)


def _type(path: str) -> str:
    """The type of the element at a path that has one."""
    type_, *names = path.split(".")
    for name in names:
        found = [one for one in structure(type_).elements.values() if one.place == name]
        type_ = found[0].type if found else "Extension"
    return type_


def _sound_examples() -> list[Path]:
    return [file for file in sorted((_TOP / "examples").glob("*.json")) if "refused" not in file.stem]


@pytest.mark.parametrize("file", _sound_examples(), ids=lambda file: file.stem)
def test_the_constraints_hold_on_the_examples(file: Path) -> None:
    broken = set()
    bundle = json.loads(file.read_bytes(), parse_float=Decimal)
    for resource in _resources(bundle):
        scope = Scope(
            resource, bundle, NOW, resolve=lambda address, near: None, member_of=lambda code, values: None
        )
        for canonical in resource.get("meta", {}).get("profile", ()):
            for element in _addresses()[canonical]["differential"]["element"]:
                for one in element.get("constraint", ()):
                    rule = compile_expression(
                        one["expression"], _type(element["path"]), resource["resourceType"]
                    )
                    if not all(rule.holds(node, scope) for node in _nodes(resource, element)):
                        broken.add((file.stem, one["key"]))
    assert broken == set()


def _resources(bundle: Json) -> Iterator[Json]:
    yield bundle
    for entry in bundle.get("entry", ()):
        if entry["resource"]["resourceType"] == "Bundle":
            yield from _resources(entry["resource"])
        else:
            yield entry["resource"]


def _nodes(resource: Json, element: Json) -> list[Any]:
    """What an element of a profile is about: slices of extensions by address, of information by category."""
    found: list[Any] = [resource]
    for step in element["id"].split(".")[1:]:
        name, _, slice_ = step.partition(":")
        found = [inner for node in found for inner in _inner(node, name)]
        if name == "extension" and slice_:
            address = element["type"][0]["profile"][0] if element["id"].endswith(step) else None
            found = [node for node in found if node["url"] == address]
        elif slice_:
            found = [node for node in found if node["category"]["coding"][0]["code"] == slice_]
    return found


def _inner(node: Any, name: str) -> list[Any]:
    value = node.get(name, []) if isinstance(node, dict) else []
    return value if isinstance(value, list) else [value]


def test_no_file_names_a_machine() -> None:
    for file in (_TOP / "profiles").rglob("*"):
        if file.is_file():
            assert not re.search(r"/(work|home|tmp|root)/|localhost", file.read_text(encoding="utf-8")), (
                file.name
            )
