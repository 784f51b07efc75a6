"""Where do tests get new claims from? From the written examples, with ids of their own."""

import json
import re
from typing import Any

from claimgw.ids import derived_id
from tests.gateway import example


def fresh(name: str, seed: str, ending: str = "APPROVE") -> bytes:
    """An example with ids of its own, and an identifier whose ending tells a sandbox what to do."""
    bundle = json.loads(example(name))
    header = bundle["entry"][0]["resource"]
    text = json.dumps(bundle, ensure_ascii=False)
    for old in (bundle["id"], header["id"]):
        text = text.replace(old, derived_id(seed, old))
    claim = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Claim")
    value = claim["identifier"][0]["value"]
    text = re.sub(rf'"{re.escape(value)}"', json.dumps(f"{seed}-{ending}"), text)
    return text.encode()


def poll(seed: str, count: int = 1, name: str = "poll-request") -> bytes:
    """A new poll for so many messages."""
    bundle: dict[str, Any] = json.loads(example(name))
    header, task = bundle["entry"][0]["resource"], bundle["entry"][1]["resource"]
    text = json.dumps(bundle)
    for old in (bundle["id"], header["id"], task["id"], task["identifier"][0]["value"]):
        text = text.replace(old, derived_id(seed, old))
    bundle = json.loads(text)
    bundle["entry"][1]["resource"]["input"] = [
        {
            "type": {
                "coding": [
                    {"system": "http://nphies.sa/terminology/CodeSystem/task-input-type", "code": "count"}
                ]
            },
            "valuePositiveInt": count,
        }
    ]
    return json.dumps(bundle).encode()
