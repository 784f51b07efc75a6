"""Does every reference lead to a resource of the Bundle, and does each declare a profile that fits?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from claimgw.conformance.case import Case, items_at, object_at, objects_at, text_at
from claimgw.conformance.validator.faults import Pointer
from claimgw.messages.envelope import licence_of
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import GATEWAY
from claimgw.messages.references import index, is_relative, resolve


@dataclass(frozen=True, slots=True)
class _Target:
    type: str
    resource: Mapping[str, Any]
    full_url: str | None
    path: str


@dataclass(frozen=True, slots=True)
class _Scope:
    """A Bundle and its entries: references never leave the Bundle they stand in."""

    entries: tuple[_Target, ...]
    by_url: Mapping[str, _Target]
    outermost: bool


@dataclass(frozen=True, slots=True)
class _Node:
    """An object in an entry. Its place is written out only where there is a fault: most have none."""

    value: Mapping[str, Any]
    within: "_Node | None" = None
    key: str = ""
    index: int | None = None

    def place(self, *, indexes: bool = True) -> str:
        """The place below the resource, such as `.insurance[0].coverage`."""
        steps: list[str] = []
        node: _Node | None = self
        while node is not None and node.key:
            # The only choice that holds references, in the resources used here.
            name = "value" if node.key == "valueReference" else node.key
            steps.append(f".{name}[{node.index}]" if indexes and node.index is not None else f".{name}")
            node = node.within
        return "".join(reversed(steps))


def targets(case: Case) -> Iterator[Finding]:
    """RE-00169, IB-00251, RE-00176, RE-00170 with its companions, RE-00177."""
    yield from _bundle(case, case.envelope.bundle, "Bundle", outermost=True)


def named_types(case: Case) -> Iterator[Finding]:
    """RE codes of elements: a reference by identifier names a type that may stand there."""
    for pointer in case.pointers.values():
        type_ = text_at(pointer.reference, "type")
        if (
            pointer.targets
            and type_ is not None
            and "reference" not in pointer.reference
            and type_.rpartition("/")[2] not in pointer.targets
        ):
            yield Finding(
                _code(pointer),
                pointer.place,
                "The reference names a type of resource that may not stand here",
                f"Refer to {' or '.join(sorted(pointer.targets))}",
                source=pointer.source,
            )


def _bundle(case: Case, bundle: Mapping[str, Any], path: str, *, outermost: bool) -> Iterator[Finding]:
    scope = _scope(bundle, path, outermost)
    met: set[str] = set()
    for entry in scope.entries:
        yield from _declared(case, entry)
        if entry.type == "Bundle":
            yield from _bundle(case, entry.resource, entry.path, outermost=False)
            continue
        for reference in _references(entry.resource):
            literal = reference.value.get("reference")
            if isinstance(literal, str) and literal and not literal.startswith("#"):
                target = resolve(literal, entry.full_url, scope.by_url)
                if target is not None:
                    met.add(target.path)
                yield from _leads(case, scope, entry, reference, literal, target)
    for entry in scope.entries[1:]:
        if entry.path not in met and not _may_stand_alone(entry):
            yield Finding(
                "RE-00177", entry.path, "Nothing refers to this resource", "Refer to it, or drop it"
            )


def _scope(bundle: Mapping[str, Any], path: str, outermost: bool) -> _Scope:
    entries = tuple(
        _Target(kind, resource, text_at(entry, "fullUrl"), f"{path}.entry[{position}].resource")
        for position, entry in objects_at(bundle, "entry")
        if (resource := object_at(entry, "resource")) and (kind := text_at(resource, "resourceType"))
    )
    return _Scope(entries, index(entries, lambda entry: entry.full_url), outermost)


def _may_stand_alone(entry: _Target) -> bool:
    # Answers to polls have no focus, and a poll refers to the gateway by its identifier (spec §5.2, §5.3).
    return entry.type in ("Task", "OperationOutcome") or (
        entry.type == "Organization" and licence_of(entry.resource) == GATEWAY
    )


def _leads(
    case: Case, scope: _Scope, entry: _Target, reference: _Node, literal: str, target: _Target | None
) -> Iterator[Finding]:
    # Inside members of a batch real servers take absolute http references only (spec §0.3 item 8).
    if not scope.outermost and literal.startswith("urn:"):
        yield Finding(
            "IB-00251",
            entry.path + reference.place(),
            "The reference is not valid here",
            "Refer by an absolute http URL",
        )
    elif target is None or (not scope.outermost and is_relative(literal)):
        yield Finding(
            "RE-00169",
            entry.path + reference.place(),
            "The reference does not lead to a resource of the Bundle",
            "Add the resource, or let the reference equal its fullUrl",
        )
    elif (type_ := reference.value.get("type")) is not None and type_ != target.type:
        yield Finding(
            "RE-00176",
            entry.path + reference.place(),
            "Reference.type is not the type of its target",
            "Let both agree",
        )
    elif not _fits(case, target) or not _wanted(target, case.pointers.get(entry.path + reference.place())):
        here = entry.path + reference.place()
        yield Finding(
            _FOCUS if here == _AT_FOCUS else _code(case.pointers.get(here)),
            here,
            "The target does not declare a profile that is accepted here",
            "See the target",
        )


_AT_FOCUS, _FOCUS = "Bundle.entry[0].resource.focus[0]", "RE-00100"


def _code(pointer: Pointer | None) -> str:
    """The element's own code, if its profile gives one."""
    return pointer.code.code if pointer and pointer.code else "RE-00165"


def _wanted(target: _Target, pointer: Pointer | None) -> bool:
    """Whether the target is of a type, and declares one of the profiles, that the reference may lead to."""
    if pointer is None or not pointer.targets:
        return True
    profiles = pointer.targets.get(target.type)
    if profiles is None:
        return False
    declared = items_at(object_at(target.resource, "meta"), "profile")
    named = {url.partition("|")[0] for url in declared if isinstance(url, str)}
    return not profiles or not named or bool(named & profiles)


def _fits(case: Case, target: _Target) -> bool:
    known = case.accepted.get(target.type)
    declared = items_at(object_at(target.resource, "meta"), "profile")
    return known is None or not declared or any(url in known for url in declared if isinstance(url, str))


def _declared(case: Case, entry: _Target) -> Iterator[Finding]:
    if not _fits(case, entry):
        yield Finding(
            "RE-00170",
            entry.path,
            "The resource declares no profile that is accepted for it",
            "Declare one that goes with its type, with a version that is taken here, such as 1.0.0",
        )


def _references(resource: Mapping[str, Any]) -> Iterator[_Node]:
    """Each Reference in the resource, known by its `reference`; without recursion, whatever the depth."""
    waiting = [_Node(resource)]
    while waiting:
        node = waiting.pop()
        if isinstance(node.value.get("reference"), str):
            yield node
        for key, inner in node.value.items():
            if isinstance(inner, dict):
                waiting.append(_Node(inner, node, key))
            elif isinstance(inner, list) and key != "contained":
                waiting += [
                    _Node(item, node, key, index)
                    for index, item in enumerate(inner)
                    if isinstance(item, dict)
                ]
