"""What do the spec files say of each element of each profile? Read from ../shared/spec alone."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "shared" / "spec"
# The fact file leaves the choice open (50 in the guide, 100 in BV-00275) and suggests 100 for what comes in.
_IDENTIFIER_VALUE = 100

Json = dict[str, Any]
Limit = tuple[int, int | None]
Concept = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Part:
    """An element inside a data type, as its data-type profile (DP-…) has it."""

    path: tuple[str, ...]
    least: int


@dataclass(frozen=True, slots=True)
class Element:
    """One line of a profile. `most` None means any number; `length` is (characters, Arabic characters).

    `rule` is the business rule the line comes from, if it is derived from one.
    """

    profile: str
    path: str
    least: int
    most: int | None
    types: tuple[str, ...]
    fixed: Any = None
    pattern: Any = None
    allowed: tuple[str, ...] = ()
    value_set: str | None = None
    length: Limit | None = None
    extension: str | None = None
    value_type: str | None = None
    form: str | None = None
    targets: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] | None = None
    rule: str | None = None

    def code(self, kind: str) -> tuple[str, ...]:
        """The codes the spec names for a fault of this kind: cardinality, type, binding or reference."""
        return (self.codes or {}).get(kind, ())


@dataclass(frozen=True, slots=True)
class Profile:
    id: str
    url: str
    status: str
    resource: str
    parent: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Spec:
    """All that is known. `choices` gives the name of a choice by its key: servicedDate is serviced."""

    profiles: Mapping[str, Profile]
    value_sets: Mapping[str, tuple[Concept, ...]]
    forms: Mapping[str, tuple[Part, ...]]
    lengths: Mapping[str, Limit]
    choices: Mapping[str, str]
    asked_by: frozenset[str]

    def names(self, profile: str) -> frozenset[str]:
        """A profile and those it is made of: what is an encounter-claim-AMB is an encounter."""
        found = set[str]()
        while profile in self.profiles and profile not in found:
            found.add(profile)
            profile = self.profiles[profile].parent
        return frozenset(found)

    def resource_of(self, target: str) -> str:
        """The resource type behind the URL of a profile."""
        name = target.rsplit("/", 1)[-1]
        return self.profiles[name].resource if name in self.profiles else name


def is_there() -> bool:
    return FOLDER.is_dir()


@cache
def spec() -> Spec:
    facts = _read("profiles.json")
    profiles = {raw["id"]: _profile(raw) for raw in facts["profiles"]}
    return Spec(
        profiles=profiles,
        value_sets=dict(_value_sets(_read("terminology.json"))),
        forms={raw["id"]: tuple(_parts(raw["elements"])) for raw in facts["datatypes"]},
        lengths={name: _limit(name, raw) for name, raw in facts["maxLength"]["values"].items()},
        choices=dict(_choices(profiles)),
        asked_by=frozenset(
            raw["event"] for raw in facts["messageEvents"] if raw["from"].startswith("provider")
        ),
    )


def _read(file: str) -> Any:
    return json.loads((FOLDER / file).read_text(encoding="utf-8"))


def _profile(raw: Json) -> Profile:
    elements = [line for one in raw["elements"] for line in _lines(raw["id"], one)]
    parent = raw["parent"].rsplit("/", 1)[-1]
    return Profile(raw["id"], raw["url"], raw["status"], raw["resource"], parent, tuple(elements))


def _lines(profile: str, raw: Json) -> Iterator[Element]:
    """The line itself and, for an extension, its value as a line of its own."""
    codes = {kind: tuple(names) for kind, names in raw.get("errorCodes", {}).items()}
    extension = raw.get("extensionUrl")
    most = None if raw["max"] == "*" else int(raw["max"])
    of_value: Json = {
        "value_set": raw.get("binding", {}).get("valueSet"),
        "length": (raw["maxLength"], raw.get("maxLengthArabic")) if "maxLength" in raw else None,
    }
    yield Element(
        profile,
        raw["path"],
        raw["min"],
        most,
        tuple(raw["types"]),
        raw.get("fixed"),
        raw.get("pattern"),
        tuple(raw.get("allowedCodes", ())),
        extension=extension,
        value_type=raw.get("valueType"),
        form=raw.get("typeProfile"),
        targets=tuple(raw.get("targetProfiles", ())),
        codes=codes,
        rule=match[0] if (match := re.match(r"BV-\d{5}", raw.get("note", ""))) else None,
        **({} if extension else of_value),
    )
    if extension and raw.get("valueType", "BackboneElement") != "BackboneElement":
        yield Element(
            profile,
            raw["path"] + ".value[x]",
            1,
            1,
            (raw["valueType"],),
            form=raw.get("valueTypeProfile"),
            targets=tuple(raw.get("valueTargetProfiles", ())),
            codes={kind: names for kind, names in codes.items() if kind != "cardinality"},
            **of_value,
        )


def _parts(elements: Mapping[str, str]) -> Iterator[Part]:
    for name, text in elements.items():
        if name == "others" or not text[0].isdigit():
            continue
        path = tuple(name.split("."))
        yield Part(path, int(text[0]))
        for inner, least in re.findall(r"(\w+) (\d)\.\.", text[4:]):
            yield Part((*path, inner), int(least))


def _limit(name: str, raw: Any) -> Limit:
    if name == "Identifier.value":
        return _IDENTIFIER_VALUE, None
    if isinstance(raw, str):  # 10 MB: more than a message may have
        return 10 * 1024 * 1024, None
    return (raw[0], raw[1]) if isinstance(raw, list) else (raw, None)


def _value_sets(facts: Json) -> Iterator[tuple[str, tuple[Concept, ...]]]:
    """The complete ones only: of the others no code can be called foreign."""
    systems = {raw["url"]: [one["code"] for one in raw["concepts"]] for raw in facts["codeSystems"]}
    for raw in facts["valueSets"]:
        if raw["complete"] is not True:
            continue
        if "concepts" in raw:
            yield raw["url"], tuple((one.get("system"), one["code"]) for one in raw["concepts"])
            continue
        yield (
            raw["url"],
            tuple(
                (one["system"], code)
                for one in raw.get("include", ())
                for code in one.get("codes") or systems.get(one["system"], ())
            ),
        )


def _choices(profiles: Mapping[str, Profile]) -> Iterator[tuple[str, str]]:
    for profile in profiles.values():
        for element in profile.elements:
            if element.path.endswith("[x]"):
                base = element.path.rsplit(".", 1)[-1].removesuffix("[x]")
                for kind in element.types:
                    yield keyed(base, kind), base


def keyed(base: str, kind: str) -> str:
    """The key of a choice: value and Money is valueMoney."""
    return base + kind[0].upper() + kind[1:]
