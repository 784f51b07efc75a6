"""Which resource is $validate to judge, and by which profile? Its body is the resource, or Parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claimgw.clearinghouse.open import Refusal
from claimgw.messages.decode import Decoded, decode
from claimgw.messages.findings import Finding

_TYPE = "Parameters"
_TYPED = f'"{_TYPE}"'.encode()
_PROFILE = ("valueUri", "valueCanonical")  # R4 calls it a uri, R5 a canonical
_HINT = "Give one part 'resource' and at most one part 'profile' with valueUri"


@dataclass(frozen=True, slots=True)
class Asked:
    """The resource, as bytes or as the tree of them, and the canonical of the profile if there is one."""

    resource: bytes | Mapping[str, Any]
    profile: str | None


def asked(raw: bytes, profile: str | None) -> Asked | Refusal:
    """What the operation is asked (FHIR R4, $validate); `profile` is the one that the address names."""
    decoded = decode(raw) if _TYPED in raw else None
    tree = decoded.tree if isinstance(decoded, Decoded) else None
    if not isinstance(tree, dict) or tree.get("resourceType") != _TYPE:
        return Asked(raw, profile)
    resources: list[Mapping[str, Any]] = []
    profiles = [] if profile is None else [profile]
    for part in _parts(tree):
        resource, canonical = part.get("resource"), next(filter(None, map(part.get, _PROFILE)), None)
        if part.get("name") == "resource" and isinstance(resource, dict):
            resources.append(resource)
        elif part.get("name") == "profile" and isinstance(canonical, str):
            profiles.append(canonical)
        else:
            return _refusal("The operation does not take one of these parameters")
    if len(resources) != 1:
        return _refusal("The parameters hold no resource, or several")
    if len(set(profiles)) > 1:
        return _refusal("The parameters name several profiles")
    return Asked(resources[0], profiles[0] if profiles else None)


def _parts(parameters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parts = parameters.get("parameter")
    return [part if isinstance(part, dict) else {} for part in parts] if isinstance(parts, list) else []


def _refusal(text: str) -> Refusal:
    return Refusal(400, (Finding("GE-00016", "", text, _HINT),))
