"""Does every reference lead to a resource of the Bundle, and does each declare a profile that fits?"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from claimgw.conformance.case import Case, Part, items_at, object_at, objects_at, text_at
from claimgw.conformance.validator.faults import Pointer
from claimgw.messages.envelope import licence_of
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import GATEWAY
from claimgw.messages.references import index, is_relative, resolve


@dataclass(frozen=True, slots=True)
class _Target:
    """An entry. `profiles` are what it declares, with versions and without; `fits`: it may declare one."""

    type: str
    resource: Mapping[str, Any]
    full_url: str | None
    path: str
    profiles: frozenset[str]
    fits: bool


@dataclass(frozen=True, slots=True)
class _Scope:
    """A Bundle and its entries: references never leave the Bundle they stand in."""

    entries: tuple[_Target, ...]
    by_url: Mapping[str, _Target]
    outermost: bool


def targets(case: Case) -> Iterator[Finding]:
    """RE-00169, IB-00251, RE-00176, RE-00170 with its companions, RE-00177."""
    by_home: dict[str, list[Pointer]] = {}
    for pointer in case.pointers:
        by_home.setdefault(pointer.home.path, []).append(pointer)
    outermost = case.part is not Part.MEMBER
    yield from _bundle(case, by_home, case.envelope.bundle, "Bundle", outermost=outermost)


def named_types(case: Case) -> Iterator[Finding]:
    """RE codes of elements: a reference by identifier names a type that may stand there."""
    for pointer in case.pointers:
        if not pointer.targets or "type" not in pointer.reference or "reference" in pointer.reference:
            continue
        type_ = text_at(pointer.reference, "type")
        if type_ is not None and type_.rpartition("/")[2] not in pointer.targets:
            yield Finding(
                _code(pointer),
                pointer.place,
                "The reference names a type of resource that may not stand here",
                f"Refer to {' or '.join(sorted(pointer.targets))}",
                source=pointer.source,
            )


def _bundle(
    case: Case,
    by_home: Mapping[str, list[Pointer]],
    bundle: Mapping[str, Any],
    path: str,
    *,
    outermost: bool,
) -> Iterator[Finding]:
    scope = _scope(case, bundle, path, outermost)
    met: set[str] = set()
    for entry in scope.entries:
        if not entry.fits:
            yield Finding(
                "RE-00170",
                entry.path,
                "The resource declares no profile that is accepted for it",
                "Declare one that goes with its type, with a version that is taken here, such as 1.0.0",
            )
        if entry.type == "Bundle":
            if case.part is not Part.FRAME:
                # What a poll hands out is a message of its own, as it came: real ones refer relatively.
                handed_out = case.event == "poll-response"
                yield from _bundle(case, by_home, entry.resource, entry.path, outermost=handed_out)
            continue
        yield from _entry(scope, entry, by_home.get(entry.path, ()), met)
    for entry in scope.entries[1:]:
        if entry.path not in met and not _may_stand_alone(entry):
            yield Finding(
                "RE-00177", entry.path, "Nothing refers to this resource", "Refer to it, or drop it"
            )


def _entry(scope: _Scope, entry: _Target, pointers: Iterable[Pointer], met: set[str]) -> Iterator[Finding]:
    """The faults of its references; `met` is told where they lead."""
    for pointer in pointers:
        literal = pointer.reference.get("reference")
        if isinstance(literal, str) and literal and not literal.startswith("#"):
            target = resolve(literal, entry.full_url, scope.by_url)
            if target is not None:
                met.add(target.path)
            if (fault := _fault(scope, pointer, literal, target)) is not None:
                yield fault


def _scope(case: Case, bundle: Mapping[str, Any], path: str, outermost: bool) -> _Scope:
    entries = tuple(
        _target(
            case.accepted.get(kind),
            kind,
            resource,
            text_at(entry, "fullUrl"),
            f"{path}.entry[{position}].resource",
        )
        for position, entry in objects_at(bundle, "entry")
        if (resource := object_at(entry, "resource")) and (kind := text_at(resource, "resourceType"))
    )
    return _Scope(entries, index(entries, lambda entry: entry.full_url), outermost)


def _target(
    known: frozenset[str] | None, kind: str, resource: Mapping[str, Any], full_url: str | None, path: str
) -> _Target:
    declared = [one for one in items_at(object_at(resource, "meta"), "profile") if isinstance(one, str)]
    fits = known is None or not declared or any(one in known for one in declared)
    profiles = frozenset((*declared, *(one.partition("|")[0] for one in declared)))
    return _Target(kind, resource, full_url, path, profiles, fits)


def _may_stand_alone(entry: _Target) -> bool:
    # Answers to polls have no focus, and a poll refers to the gateway by its identifier (spec §5.2, §5.3).
    return entry.type in ("Task", "OperationOutcome") or (
        entry.type == "Organization" and licence_of(entry.resource) == GATEWAY
    )


def _fault(scope: _Scope, pointer: Pointer, literal: str, target: _Target | None) -> Finding | None:
    # Inside members of a batch real servers take absolute http references only (spec §0.3 item 8).
    if not scope.outermost and literal.startswith("urn:"):
        return Finding(
            "IB-00251",
            pointer.place,
            "The reference is not valid here",
            "Refer by an absolute http URL",
        )
    if target is None or (not scope.outermost and is_relative(literal)):
        return Finding(
            "RE-00169",
            pointer.place,
            "The reference does not lead to a resource of the Bundle",
            "Add the resource, or let the reference equal its fullUrl",
        )
    if (type_ := pointer.reference.get("type")) is not None and type_ != target.type:
        return Finding(
            "RE-00176",
            pointer.place,
            "Reference.type is not the type of its target",
            "Let both agree",
        )
    if not target.fits or not _wanted(target, pointer):
        return Finding(
            _FOCUS if pointer.place == _AT_FOCUS else _code(pointer),
            pointer.place,
            "The target does not declare a profile that is accepted here",
            "See the target",
        )
    return None


_AT_FOCUS, _FOCUS = "Bundle.entry[0].resource.focus[0]", "RE-00100"


def _code(pointer: Pointer) -> str:
    """The element's own code, if its profile gives one."""
    return pointer.code.code if pointer.code else "RE-00165"


def _wanted(target: _Target, pointer: Pointer) -> bool:
    """Whether the target is of a type, and declares one of the profiles, that the reference may lead to."""
    if not pointer.targets:
        return True
    profiles = pointer.targets.get(target.type)
    if profiles is None:
        return False
    return not profiles or not target.profiles or bool(target.profiles & profiles)
