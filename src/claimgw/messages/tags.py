"""Which marks does a message carry: written by the gateway, more is waiting, large?"""

from typing import Any

from claimgw.messages.identifiers import CODES

SYSTEM = CODES + "meta-tags"

GENERATED = {"system": SYSTEM, "code": "nphies-generated"}
QUEUED_MESSAGES = {"system": SYSTEM, "code": "queued-messages"}
LARGE_CLAIM = {"system": SYSTEM, "code": "large-claim"}

# What real servers put on the focal resource instead of the guide's tag (spec §0.3 item 4).
GENERATED_AS_OBSERVED = {"code": "NPHIES generated", "display": "NPHIES generated"}


def carries(resource: Any, code: str) -> bool:
    """Whether `meta.tag` of the resource has the code; letter case does not count (spec §4)."""
    meta = resource.get("meta") if isinstance(resource, dict) else None
    tags = meta.get("tag") if isinstance(meta, dict) else None
    wanted = _folded(code)
    return isinstance(tags, list) and any(
        isinstance(tag, dict) and isinstance(tag.get("code"), str) and _folded(tag["code"]) == wanted
        for tag in tags
    )


def written_by_gateway(bundle: dict[str, Any], focal: dict[str, Any] | None) -> bool:
    """Whether either sign of the gateway's authorship is there."""
    return carries(bundle, GENERATED["code"]) or carries(focal, GENERATED["code"])


def _folded(code: str) -> str:
    return code.lower().replace(" ", "-")
