"""Which profiles may a resource of that type declare? Those that are loaded, of whatever version."""

from collections.abc import Mapping

from claimgw.conformance.definitions import CORE, Definition, Definitions, marks

# Refused whatever they declare, unless an operator loads a profile of them (spec §0.3 item 3).
_WITHOUT_PROFILE = ("Observation",)


def accepted(definitions: Definitions) -> Mapping[str, frozenset[str]]:
    """Type to the canonicals with their version; a type that is not there may declare anything."""
    found: dict[str, frozenset[str]] = dict.fromkeys(_WITHOUT_PROFILE, frozenset())
    for definition, _ in definitions.all("StructureDefinition"):
        if _may_be_declared(definition):
            type_ = definition["type"]
            found[type_] = found.get(type_, frozenset()) | {canonical(definition)}
    return found


def built_on(definitions: Definitions) -> Mapping[str, frozenset[str]]:
    """Address of a profile to the canonicals of those, under other addresses, that are built on it."""
    bases: dict[str, set[str]] = {}
    for definition, _ in definitions.all("StructureDefinition"):
        base = str(definition.get("baseDefinition", CORE)).partition("|")[0]
        if not base.startswith(CORE) and base != definition["url"]:
            bases.setdefault(definition["url"], set()).add(base)
    found: dict[str, frozenset[str]] = {}
    for definition, _ in definitions.all("StructureDefinition"):
        for ancestor in _ancestors(definition["url"], bases) if _may_be_declared(definition) else ():
            found[ancestor] = found.get(ancestor, frozenset()) | {canonical(definition)}
    return found


def _ancestors(url: str, bases: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [url]
    while waiting:
        new = bases.get(waiting.pop(), set()) - found - {url}
        found |= new
        waiting += new
    return found


def canonical(definition: Definition) -> str:
    """Address and version."""
    version = definition.get("version")
    return f"{definition['url']}|{version}" if version else str(definition["url"])


def _may_be_declared(definition: Definition) -> bool:
    return (
        definition.get("kind") == "resource"
        and definition.get("derivation") == "constraint"
        and not definition.get("abstract")
        and not any(marks(definition, "applies-everywhere"))
    )
