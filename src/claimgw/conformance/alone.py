"""What is wrong with a resource that stands in no message, and with one that is judged by a given profile?

A resource alone is put into a Bundle that holds nothing else, judged like any message, and what is said of
the Bundle is left out: so there is one set of rules, and one way through them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from claimgw.conformance.check import check
from claimgw.conformance.compiler.schema import Structure
from claimgw.conformance.severity import Direction, Severities
from claimgw.conformance.unchecked import unchecked
from claimgw.conformance.validator.schemas import Schemas
from claimgw.errors import ConfigurationError
from claimgw.messages.decode import Decoded
from claimgw.messages.envelope import Envelope, inner
from claimgw.messages.findings import Finding, errors

# What only the message tells: where references and focus lead, who refers to this, for what it is sent.
_OF_THE_MESSAGE = frozenset({"RE-00169", "RE-00177", "BV-00167", "BV-00468"})
_UNSOUND = ("FR", "GE")


def check_alone(
    raw: bytes,
    decoded: Decoded,
    now: datetime,
    *,
    direction: Direction,
    all_stages: bool,
    schemas: Schemas,
    severities: Severities,
) -> list[Finding]:
    """As `check`, of a resource. Places begin with its type.

    A constraint finds nothing behind a reference.
    """
    resource: Mapping[str, Any] = decoded.tree
    type_ = str(resource["resourceType"])
    envelope, home = _wrapped(raw, decoded, type_)
    found = check(envelope, now, direction=direction, all_stages=True, schemas=schemas, severities=severities)
    kept = [one for one in found if one.code not in _OF_THE_MESSAGE]
    staged = kept if all_stages else _first_stages(kept, home)
    told = _moved([*staged, *unchecked(envelope, schemas.terminology)], home, type_)
    return list(told)


def _wrapped(raw: bytes, decoded: Decoded, type_: str) -> tuple[Envelope, str]:
    """The resource in a Bundle as its focus, and its place there without the first letter of `Bundle`."""
    entries = [{"resource": decoded.tree}]
    if type_ != "MessageHeader":
        entries.insert(0, {"resource": {"resourceType": "MessageHeader"}})
    envelope = inner({"resourceType": "Bundle", "entry": entries})
    assert isinstance(envelope, Envelope)
    entry = envelope.entries[-1]
    home = entry.path.removeprefix("B")
    unsound = tuple(
        replace(one, path=entry.path + one.path.removeprefix("Bundle")) for one in decoded.findings
    )
    return replace(envelope, raw=raw, unsound=unsound, focal=entry), home


def _first_stages(found: Iterable[Finding], home: str) -> list[Finding]:
    """Up to the first stage in which the resource itself has an error (spec §0.3 item 1)."""
    stages: tuple[list[Finding], ...] = ([], [], [])
    for one in found:
        if _is_within(one.path, home):
            stages[_stage(one)].append(one)
    told: list[Finding] = []
    for stage in stages:
        told += stage
        if errors(stage):
            break
    return told


def _stage(one: Finding) -> int:
    if one.path.startswith("bundle"):
        return 2
    return 0 if one.code.startswith(_UNSOUND) else 1


def _moved(found: Iterable[Finding], home: str, type_: str) -> Iterator[Finding]:
    """Those within the resource, with places as FHIR's tools write them."""
    for one in found:
        if _is_within(one.path, home):
            companions = tuple((code, type_ + path[1 + len(home) :]) for code, path in one.companions)
            yield replace(one, path=type_ + one.path[1 + len(home) :], companions=companions)


def _is_within(path: str, home: str) -> bool:
    # With a small letter, places of business rules.
    return path.startswith(home, 1)


class Imposing(Schemas):
    """The same schemas, save that one resource is judged by that profile, whatever it declares."""

    def __init__(self, schemas: Schemas, resource: Mapping[str, Any], profile: str) -> None:
        """Raises ConfigurationError if no profile of the resource's type has that canonical."""
        vars(self).update(vars(schemas))
        self._resource = resource
        self._imposed = _of_profile(schemas, str(resource["resourceType"]), profile)

    def of_resource(self, resource: Mapping[str, Any], type_: str) -> Structure:
        return self._imposed if resource is self._resource else super().of_resource(resource, type_)


def _of_profile(schemas: Schemas, type_: str, profile: str) -> Structure:
    found = schemas.of_resource({"meta": {"profile": [profile]}}, type_)
    if not found.profile:
        known = ", ".join(sorted(schemas.accepted.get(type_, ()))) or "none"
        raise ConfigurationError(f"there is no such profile of {type_}; known are: {known}")
    return found
