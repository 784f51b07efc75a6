"""Which codes has a big list that is not ours to publish? Read once, from the files an operator names.

A FHIR CodeSystem (*.json), a table (*.csv, its header code[,display][,system]), or a folder of those.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from claimgw.conformance.definitions import Definition
from claimgw.errors import ConfigurationError

_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class CodeLists:
    """A provider of codes: by system, all codes there are. `folded`: of those systems case does not count."""

    lists: Mapping[str, frozenset[str]]
    folded: frozenset[str] = frozenset()

    def has(self, system: str, code: str) -> bool | None:
        """Whether the system has the code; None: it is none of those listed."""
        listed = self.lists.get(system)
        if listed is None:
            return None
        return (code.casefold() if system in self.folded else code) in listed


def read_code_lists(
    places: Iterable[Path], known: Iterable[str] = (), systems: Iterable[tuple[Definition, Path]] = ()
) -> CodeLists:
    """The lists of these files and folders, and of `systems`, complete ones with the place of each.

    Several of the same system add up. `known` are systems after which a table without a column `system` may
    be named: `procedures.csv` is …/CodeSystem/procedures. Raises ConfigurationError with file and line.
    """
    names: dict[str, set[str]] = {}
    for system in known:
        names.setdefault(_last(system), set()).add(system)
    found: dict[str, set[str]] = {}
    folded: set[str] = set()
    files = [file for place in places for file in _files(place)]
    for path in files:
        for system, codes in _table(path, names).items() if path.suffix == ".csv" else ():
            found.setdefault(system, set()).update(codes)
    read = [(_code_system(path), path) for path in files if path.suffix == ".json"]
    for definition, path in (*read, *systems):
        system = definition["url"]
        found.setdefault(system, set()).update(_codes(definition, path))
        if definition.get("caseSensitive") is False:
            folded.add(system)
    return CodeLists(
        {
            system: frozenset(map(str.casefold, codes) if system in folded else codes)
            for system, codes in found.items()
        },
        frozenset(folded),
    )


def _files(place: Path) -> Iterator[Path]:
    if place.is_dir():
        found = sorted(path for path in place.iterdir() if path.suffix in (".csv", ".json"))
        if not found:
            raise ConfigurationError(f"{place} holds no *.json and no *.csv; name a folder of code lists")
        yield from found
    elif place.suffix in (".csv", ".json"):
        yield place
    else:
        raise ConfigurationError(f"{place} is no code list; name a *.json, a *.csv or a folder of those")


def _code_system(path: Path) -> Definition:
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise ConfigurationError(f"{path} cannot be read as JSON: {_reason(fault)}") from fault
    if not isinstance(found, dict) or found.get("resourceType") != "CodeSystem":
        raise ConfigurationError(f"{path} is no FHIR CodeSystem; a code list is a CodeSystem or a *.csv")
    if not isinstance(url := found.get("url"), str):
        raise ConfigurationError(f"{path} has no url; add that of its code system")
    if found.get("content") != "complete":
        raise ConfigurationError(
            f"{path} holds not all codes of {url} (content is not complete), and a code that it lacks may be"
            " right; name a complete list"
        )
    return found


def _codes(system: Definition, path: Path) -> Iterator[str]:
    waiting = [system]
    while waiting:
        concepts = waiting.pop().get("concept", [])
        for concept in concepts if isinstance(concepts, list) else [None]:
            if not isinstance(concept, dict) or not isinstance(concept.get("code"), str):
                raise ConfigurationError(f"{path}: a concept of {system['url']} has no code")
            yield concept["code"]
            waiting.append(concept)


def _table(path: Path, names: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Codes by system."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            heading = opened.readline()
            delimiter = max(_DELIMITERS, key=heading.count)
            header = [name.strip().lower() for name in next(csv.reader([heading], delimiter=delimiter), [])]
            return _rows(path, header, csv.reader(opened, delimiter=delimiter, strict=True), names)
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"{path} cannot be read as UTF-8 text: {_reason(fault)}") from fault


def _rows(path: Path, header: Sequence[str], rows: Any, names: Mapping[str, set[str]]) -> dict[str, set[str]]:
    if "code" not in header:
        raise ConfigurationError(
            f"{path}, line 1: no column is called code; begin with a line such as code,display,system"
        )
    at_code = header.index("code")
    at_system = header.index("system") if "system" in header else None
    fixed = _named_after(path, names) if at_system is None else ""
    found: dict[str, set[str]] = {}
    try:
        for row in rows:
            if not row:
                continue
            code = row[at_code].strip() if at_code < len(row) else ""
            system = fixed if at_system is None else row[at_system].strip() if at_system < len(row) else ""
            if not code or not system:
                lacks = "code" if not code else "system"
                raise ConfigurationError(f"{path}, line {rows.line_num + 1}: there is no {lacks}; add it")
            if system in found:
                found[system].add(code)
            else:
                found[system] = {code}
    except csv.Error as fault:
        raise ConfigurationError(f"{path}, line {rows.line_num + 1}: {fault}; write it as CSV") from fault
    if not found:
        raise ConfigurationError(f"{path} holds no codes; every code of its system would be wrong")
    return found


def _named_after(path: Path, names: Mapping[str, set[str]]) -> str:
    found = names.get(path.stem, set())
    if len(found) != 1:
        raise ConfigurationError(
            f"{path}: of which code system are these? Add a column system with its address, or name the file"
            " after a system of the definitions, such as procedures.csv"
        )
    return next(iter(found))


def _last(system: str) -> str:
    return system.replace(":", "/").rpartition("/")[2]


def _reason(fault: Exception) -> str:
    return fault.strerror or "it is not there" if isinstance(fault, OSError) else str(fault)
