"""Which FHIR definitions are known? Packages: folders of StructureDefinition, ValueSet and CodeSystem.

Several packages stand side by side, in several versions. A name without a version is looked up in the package
it is used in, then in those that one depends on, then in all others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

import claimgw
from claimgw.errors import ConfigurationError

CORE = "http://hl7.org/fhir/StructureDefinition/"
OURS = "http://claimgw.org/fhir/StructureDefinition/"
_KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")
_FHIR = "4.0"  # R4; what a package says of itself may be more exact
_NPHIES = "nphies-fs"

Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Package:
    """One folder. `depends_on` are names of packages, nearest first.

    `name` is that of the manifest; of several versions, those after the first are called `name#version`.
    """

    name: str
    version: str
    folder: Path
    depends_on: tuple[str, ...]
    definitions: Mapping[tuple[str, str], Definition] = field(repr=False)  # by kind and canonical


class Definitions:
    """All packages there are. Raises ConfigurationError where a folder is no package that can be read."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.packages = _told_apart(list(map(_package, folders)))

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


def shipped_versions() -> tuple[str, ...]:
    """The versions of nphies' guide that come with claimgw; production's 1.0.0 before the newer one."""
    return tuple(folder.name for folder in _shipped_folders() if folder.parent.name == _NPHIES)


@cache
def shipped(versions: tuple[str, ...] | None = None) -> Definitions:
    """The packages that come with claimgw; of nphies' guide those versions only, if some are named.

    Raises ConfigurationError for a version that does not come with it, or that needs another one.
    """
    return Definitions(shipped_folders(versions))


def shipped_folders(versions: Sequence[str] | None = None) -> list[Path]:
    """As `shipped`, which says what is raised."""
    known = shipped_versions()
    wanted = known if versions is None else versions
    if unknown := set(wanted) - set(known):
        raise ConfigurationError(f"version {min(unknown)} does not come with claimgw; {', '.join(known)} do")
    if known[0] not in wanted:
        raise ConfigurationError(f"the other versions are layered on {known[0]}; name it too")
    folders = _shipped_folders()
    return [folder for folder in folders if folder.parent.name != _NPHIES or folder.name in wanted]


def _shipped_folders() -> list[Path]:
    return sorted((path.parent for path in profiles_folder().glob("*/*/package.json")), key=_age)


def _age(folder: Path) -> tuple[str, int, str]:
    # Of one guide, the version without a predecessor among the shipped ones stands first: 1.0.0, then 0.3.0.
    manifest = _read(folder / "package.json")
    return folder.parent.name, len(manifest.get("dependencies", {})), folder.name


def _package(folder: Path) -> Package:
    manifest = _read(folder / "package.json")
    if not manifest.get("name") or not manifest.get("version"):
        raise ConfigurationError(f"{folder / 'package.json'} gives no name or no version; add them")
    fhir = manifest.get("fhirVersions", [_FHIR])
    if not any(str(one).startswith(_FHIR) for one in fhir):
        raise ConfigurationError(f"{folder} is not for FHIR R4 (fhirVersions: {fhir})")
    definitions: dict[tuple[str, str], Definition] = {}
    for path in sorted(folder.glob("*.json")):
        definition = _read(path)
        kind, url = definition.get("resourceType"), definition.get("url")
        if path.name.partition("-")[0] in _KINDS and not (kind and url):
            raise ConfigurationError(f"{path} is no FHIR definition: it has no resourceType or no url")
        if kind not in _KINDS:
            continue  # the manifest, an index, other resources of the guide
        if not isinstance(url, str):
            raise ConfigurationError(f"{path} is no FHIR definition: it has no url")
        if kind == "StructureDefinition":
            _must_be_usable(definition, path)
        if (kind, url) in definitions:
            raise ConfigurationError(f"{path} defines {url}, as another file of its package does")
        definitions[kind, url] = definition
    below = manifest.get("dependencies", {})
    depends_on = tuple(one for name, version in below.items() for one in (f"{name}#{version}", name))
    return Package(str(manifest["name"]), str(manifest["version"]), folder, depends_on, definitions)


def _must_be_usable(definition: Definition, path: Path) -> None:
    if not isinstance(definition.get("type"), str):
        raise ConfigurationError(f"{path} is no StructureDefinition of FHIR R4: it has no type")
    differential = definition.get("differential")
    if definition.get("derivation") != "specialization" and (
        not isinstance(differential, dict) or not isinstance(differential.get("element"), list)
    ):
        raise ConfigurationError(f"{path} has no differential; a snapshot alone is not enough")


def unpacked(given: Path) -> list[Path]:
    """Where the manifests are: of a package, as published too (all in a folder `package`), or of several.

    Raises ConfigurationError if the folder is neither a package nor holds any.
    """
    found = _unpacked(given)
    if found is None and given.is_dir():
        within = [folder for path in sorted(given.iterdir()) if (folder := _unpacked(path))]
    else:
        within = [found] if found else []
    if not within:
        raise ConfigurationError(
            f"{given} is no FHIR package and holds none: there is no package.json; name an unpacked one"
        )
    return within


def _unpacked(given: Path) -> Path | None:
    return next((path for path in (given, given / "package") if (path / "package.json").is_file()), None)


def _told_apart(packages: Sequence[Package]) -> tuple[Package, ...]:
    """Packages of one name get names of their own; no two of them define the same version of a profile."""
    named: dict[str, Package] = {}
    homes: dict[tuple[str, str], Package] = {}
    for package in packages:
        exact = f"{package.name}#{package.version}"
        taken = named.get(package.name)
        if exact in named or (taken is not None and taken.version == package.version):
            raise ConfigurationError(f"{package.folder}: {exact} is loaded already; name it once")
        name = package.name if taken is None else exact
        named[name] = replace(package, name=name)
        for (kind, url), definition in package.definitions.items():
            if kind != "StructureDefinition":
                continue
            other = homes.setdefault((url, str(definition.get("version"))), package)
            if other is not package:
                raise ConfigurationError(
                    f"{package.folder} defines {url}|{definition.get('version')}, as {other.folder} does;"
                    " give it another version"
                )
    return tuple(named.values())


def _read(path: Path) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise ConfigurationError(f"{path} cannot be read as JSON: {fault}") from fault
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path} holds no JSON object")
    return found


def marks(holder: Mapping[str, Any], name: str) -> Iterator[Any]:
    """The values of one of our own extensions on a definition or a part of it."""
    for extension in holder.get("extension", ()):
        if extension.get("url") == OURS + name:
            yield next((value for key, value in extension.items() if key.startswith("value")), extension)
