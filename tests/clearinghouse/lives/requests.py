"""Which messages do providers send in these lives? The written examples, under ids and names of their own."""

import json
import re
from typing import Any

from claimgw.ids import derived_id
from tests.clearinghouse.spoken import opened
from tests.gateway import example

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAMED = re.compile(r'"((?:CLM|AUT|PAR|PRA|BAT|ELG|TSK|COM)-[^"]+)"')

CLAIMS = ("claim-request-professional", "claim-request-pharmacy", "priorauth-request-professional")
ABOUT = {"cancel": "cancel-request", "nullify": "cancel-request-nullify", "status": "status-check"}

Json = dict[str, Any]


def request(name: str, seed: str, provider: str, insurer: str) -> bytes:
    """That example from this provider to this insurer: new ids, new business identifiers."""
    text = _UUID.sub(lambda found: derived_id(seed, found[0]), example(name).decode())
    text = _NAMED.sub(lambda found: json.dumps(f"{found[1]}-{seed}"), text)
    return _addressed(text, provider, insurer).encode()


def about(name: str, seed: str, claim: bytes) -> bytes:
    """That example about a claim: what its Task or Communication names is that claim."""
    target = opened(claim)
    assert target.focal is not None
    assert target.focal_identifier is not None
    raw = request(name, seed, str(target.sender), str(target.receiver))
    tree = json.loads(raw)
    focal = tree["entry"][1]["resource"]
    named = {
        "type": "Claim",
        "identifier": {"system": target.focal_identifier.system, "value": target.focal_identifier.value},
    }
    if focal["resourceType"] == "Task":
        focal["focus"] = named
    else:
        focal["about"] = [named]
        focal.pop("basedOn", None)
    return json.dumps(tree).encode()


def altered(raw: bytes, seed: str) -> bytes:
    """Another content under the same business identifier, and new ids."""
    tree = json.loads(other_ids(raw, seed))
    tree["entry"][1]["resource"]["item"][0]["sequence"] = 99
    return json.dumps(tree).encode()


def other_ids(raw: bytes, seed: str) -> bytes:
    """The same message under other Bundle and header ids."""
    envelope = opened(raw)
    for known in (envelope.bundle_id, envelope.header_id):
        assert known
        raw = raw.replace(known.encode(), derived_id(seed, known).encode())
    return raw


def _addressed(text: str, provider: str, insurer: str) -> str:
    text = re.sub("PR-100[12]", provider.partition(":")[2], text)
    return re.sub("INS-200[12]", insurer.partition(":")[2], text)
