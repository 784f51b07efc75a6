"""Which FHIR definitions are known? Packages: folders of StructureDefinition, ValueSet and CodeSystem.

Several packages stand side by side. A name without a version is looked up in the package it is used in, then
in those that one depends on, then in all others.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

import claimgw
from claimgw.errors import ConfigurationError

CORE = "http://hl7.org/fhir/StructureDefinition/"
OURS = "http://claimgw.org/fhir/StructureDefinition/"
_KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")

Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Package:
    """One folder. `depends_on` are names of packages, nearest first."""

    name: str
    version: str
    depends_on: tuple[str, ...]
    definitions: Mapping[tuple[str, str], Definition] = field(repr=False)  # by kind and canonical


class Definitions:
    """All packages there are. Raises ConfigurationError where a folder is no package that can be read."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.packages = tuple(map(_package, folders))

    def find(self, kind: str, canonical: str, near: str = "") -> tuple[Definition, Package] | None:
        """The definition and its package; `near` is the name of the package that asks."""
        url, _, version = canonical.partition("|")
        for package in self._in_order(near):
            found = package.definitions.get((kind, url))
            if found is not None and version in ("", found.get("version")):
                return found, package
        return None

    def all(self, kind: str) -> Iterator[tuple[Definition, Package]]:
        for package in self.packages:
            for (known, _), definition in package.definitions.items():
                if known == kind:
                    yield definition, package

    def _in_order(self, near: str) -> Iterator[Package]:
        by_name = {package.name: package for package in self.packages}
        waiting, seen = [near], set[str]()
        while waiting:
            name = waiting.pop(0)
            if name in by_name and name not in seen:
                seen.add(name)
                yield by_name[name]
                waiting += by_name[name].depends_on
        yield from (package for package in self.packages if package.name not in seen)


def profiles_folder() -> Path:
    """Inside the wheel, or at the top of a checkout (an editable install ships no copy)."""
    package = Path(claimgw.__file__).resolve().parent
    inside = package / "profiles"
    return inside if inside.is_dir() else package.parents[1] / "profiles"


@cache
def shipped() -> Definitions:
    """The packages that come with claimgw; production's 1.0.0 before the newer guide."""
    return Definitions(sorted((path.parent for path in profiles_folder().glob("*/*/package.json")), key=_age))


def _age(folder: Path) -> tuple[str, int, str]:
    # Of one guide, the version without a predecessor among the shipped ones stands first: 1.0.0, then 0.3.0.
    manifest = _read(folder / "package.json")
    return folder.parent.name, len(manifest.get("dependencies", {})), folder.name


def _package(folder: Path) -> Package:
    manifest = _read(folder / "package.json")
    definitions: dict[tuple[str, str], Definition] = {}
    for path in sorted(folder.glob("*.json")):
        if path.name.partition("-")[0] not in _KINDS:
            continue
        definition = _read(path)
        kind, url = definition.get("resourceType"), definition.get("url")
        if not isinstance(kind, str) or not isinstance(url, str):
            raise ConfigurationError(f"{path} is no FHIR definition: it has no resourceType or no url")
        definitions[kind, url] = definition
    depends_on = tuple(manifest.get("dependencies", {}))
    return Package(str(manifest.get("name")), str(manifest.get("version")), depends_on, definitions)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as fault:
        raise ConfigurationError(f"{path} cannot be read as JSON: {fault}") from fault
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path} holds no JSON object")
    return found


def marks(holder: Mapping[str, Any], name: str) -> Iterator[Any]:
    """The values of one of our own extensions on a definition or a part of it."""
    for extension in holder.get("extension", ()):
        if extension.get("url") == OURS + name:
            yield next((value for key, value in extension.items() if key.startswith("value")), extension)
