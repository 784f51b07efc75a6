"""Which messages does the story send? The shipped examples, each time under new ids."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import claimgw
from claimgw.clock import SystemClock
from claimgw.ids import new_id
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.identifiers import Identifier

TYPES = ("institutional", "professional", "oral", "pharmacy", "vision")
REQUESTS = tuple(f"{event}-{kind}" for event in ("claim-request", "priorauth-request") for kind in TYPES)


def examples_folder() -> Path:
    """Inside the wheel, or at the top of a checkout (an editable install ships no copy)."""
    package = Path(claimgw.__file__).resolve().parent
    inside = package / "examples"
    return inside if inside.is_dir() else package.parents[1] / "examples"


@dataclass(frozen=True, slots=True)
class Message:
    """A message to send, and what it is known by."""

    raw: bytes
    header_id: str
    identifier: Identifier
    sender: str
    receiver: str


class Author:
    """Writes the messages of one run: no identifier twice, and each tells the sandbox what to do."""

    def __init__(self) -> None:
        # The end of an id is random; its beginning is the time.
        self._run = new_id(SystemClock().now())[-6:].upper()
        self._count = 0

    def message(self, example: str, ending: str = "APPROVE") -> Message:
        """An example under new ids; `ending` is a row of 'claimgw sandbox --behaviours'."""
        self._count += 1
        raw = (examples_folder() / f"{example}.json").read_bytes()
        tree = json.loads(raw)
        known = _claim_identifier(tree)
        value = f"DEMO-{self._run}-{self._count:02}-{ending}"
        header = tree["entry"][0]["resource"]
        now = SystemClock().now()
        # Replaced in the text: to write the tree out again would lose the zeros of 100.00.
        for old, new in (
            (tree["id"], new_id(now)),
            (header["id"], header_id := new_id(now)),
            (known["value"], value),
        ):
            raw = raw.replace(old.encode(), new.encode())
        envelope = read(raw)
        assert isinstance(envelope, Envelope)
        identifier = Identifier(known["system"], value)
        return Message(raw, header_id, identifier, str(envelope.sender), str(envelope.receiver))


def _claim_identifier(tree: dict[str, Any]) -> dict[str, str]:
    """Of the claim, or of the claim that a response is about."""
    resources = [entry["resource"] for entry in tree["entry"]]
    for resource in resources:
        if resource["resourceType"] == "Claim":
            found: dict[str, str] = resource["identifier"][0]
            return found
        if resource["resourceType"] == "ClaimResponse":
            asked: dict[str, str] = resource["request"]["identifier"]
            return asked
    raise AssertionError("the example has no claim")
