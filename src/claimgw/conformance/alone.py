"""What is wrong with a resource that stands in no message, and with one that is judged by a given profile?

A resource alone is put into a Bundle that holds nothing else, judged like any message, and what is said of
the Bundle is left out: so there is one set of rules, and one way through them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from claimgw.conformance.check import examine
from claimgw.conformance.compiler.schema import Structure
from claimgw.conformance.severity import Direction, Severities
from claimgw.conformance.tally import Found
from claimgw.conformance.unchecked import unchecked
from claimgw.conformance.validator.schemas import Schemas
from claimgw.errors import ConfigurationError
from claimgw.messages.decode import Decoded
from claimgw.messages.envelope import Envelope, inner
from claimgw.messages.findings import Finding

# What only the message tells: where references and focus lead, who refers to this, for what it is sent.
_OF_THE_MESSAGE = frozenset({"RE-00169", "RE-00177", "BV-00167", "BV-00468"})
_TEXT = "Bundle"


def check_alone(
    raw: bytes,
    decoded: Decoded,
    now: datetime,
    *,
    direction: Direction,
    all_stages: bool,
    schemas: Schemas,
    severities: Severities,
) -> Found:
    """As `examine`, of a resource. Places begin with its type.

    A constraint finds nothing behind a reference.
    """
    resource: Mapping[str, Any] = decoded.tree
    type_ = str(resource["resourceType"])
    envelope, home = _wrapped(raw, decoded, type_)

    def about(one: Finding) -> bool:
        return one.code not in _OF_THE_MESSAGE and _is_within(one.path, home)

    found = examine(
        envelope,
        now,
        direction=direction,
        all_stages=all_stages,
        schemas=schemas,
        severities=severities,
        about=about,
    )
    told = (*found.findings, *unchecked(envelope, schemas.terminology))
    return Found(tuple(_moved(one, home, type_) for one in told), found.more, found.complete)


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
    return replace(envelope, raw=raw, unsound=unsound, more=decoded.more, focal=entry), home


def _moved(one: Finding, home: str, type_: str) -> Finding:
    """With places as FHIR's tools write them."""

    def place(path: str) -> str:
        # With a small letter, places of business rules; `Bundle` alone stands for the text.
        return type_ + path[1:].removeprefix(home) if path != _TEXT else type_

    return replace(
        one, path=place(one.path), companions=tuple((code, place(at)) for code, at in one.companions)
    )


def _is_within(path: str, home: str) -> bool:
    return path.startswith(home, 1) or path == _TEXT


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
