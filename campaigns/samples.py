"""Which valid messages are there to be spoilt? The examples, and what is made of them."""

import copy
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from campaigns.grafts import grafted
from campaigns.spec import Json
from claimgw.messages.decode import Decoded, decode
from claimgw.messages.identifiers import CODES, DEFINITIONS

EXAMPLES = Path(__file__).parents[1] / "examples"
# Resources that are the focus of events no example shows. Patient, cover, place and parties are taken from
# this example, as far as they are referred to.
FOCALS = Path(__file__).parent / "focals"
_PARTIES = "claim-request-professional"


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    bundle: Json


def samples() -> dict[str, Sample]:
    """By name. The example that is wrong on purpose is left out."""
    found = {}
    for file in sorted(EXAMPLES.glob("*.json")):
        if "refused" not in file.stem:
            found[file.stem] = Sample(file.stem, _tree(file))
    parties = {entry["fullUrl"]: entry for entry in found[_PARTIES].bundle["entry"]}
    for file in sorted(FOCALS.glob("*.json")):
        found[file.stem] = Sample(file.stem, _framed(_tree(file), parties))
    for sample in list(found.values()):
        if more := grafted(sample.bundle):
            found[sample.name + "-more"] = Sample(sample.name + "-more", more)
    return found


def _tree(file: Path) -> Json:
    decoded = decode(file.read_bytes())
    assert isinstance(decoded, Decoded), file
    return cast(Json, decoded.tree)


def _framed(written: Json, parties: dict[str, Json]) -> Json:
    focal = {"fullUrl": written["fullUrl"], "resource": written["focal"]}
    entries = [_header(written), focal]
    for entry in entries:  # grows: what is referred to refers to others
        for url in _references(entry):
            if url in parties and all(url != one["fullUrl"] for one in entries):
                entries.append(copy.deepcopy(parties[url]))
    return {
        "resourceType": "Bundle",
        "id": _id(written, "bundle"),
        "meta": {"profile": [DEFINITIONS + "bundle|1.0.0"]},
        "type": "message",
        "timestamp": "2026-10-31T09:00:30+03:00",
        "entry": entries,
    }


def _header(written: Json) -> Json:
    provider, insurer = _party("provider", "PR-1001"), _party("payer", "INS-2001")
    sender, receiver = (provider, insurer) if written["from"] == "provider" else (insurer, provider)
    if written.get("to") == "NPHIES":
        receiver = _party("nphies", "NPHIES")
    names = {"PR-1001": "http://alwaha.example", "INS-2001": "http://falcon.example"}
    endpoints = [names.get(one["identifier"]["value"], "http://nphies.sa") for one in (sender, receiver)]
    header: Json = {
        "resourceType": "MessageHeader",
        "id": _id(written, "header"),
        "meta": {"profile": [DEFINITIONS + "message-header|1.0.0"]},
        "eventCoding": {"system": CODES + "ksa-message-events", "code": written["event"]},
        "destination": [{"endpoint": endpoints[1], "receiver": receiver}],
        "sender": sender,
        "source": {"endpoint": endpoints[0]},
        "focus": [{"reference": written["fullUrl"]}],
    }
    if "answers" in written:
        header["response"] = {"identifier": written["answers"], "code": "ok"}
    return {"fullUrl": f"{endpoints[0]}/fhir/MessageHeader/{header['id']}", "resource": header}


def _party(kind: str, licence: str) -> Json:
    system = (
        "http://nphies.sa/license/nphies" if kind == "nphies" else f"http://nphies.sa/license/{kind}-license"
    )
    return {"type": "Organization", "identifier": {"system": system, "value": licence}}


def _id(written: Json, what: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{written['fullUrl']} {what}"))


def _references(value: Any) -> Iterator[str]:
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _references(inner)
    if isinstance(value, dict) and isinstance(value.get("reference"), str):
        yield value["reference"]
