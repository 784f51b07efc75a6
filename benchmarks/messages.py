"""Which messages are sent, and what does the insurer answer? Written examples, each around one number.

A claim has ids, identifiers, patient, encounter and invoice of its own, all made of its number, so that
neither the sender nor the insurer has to do more than to join pieces that were prepared beforehand.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from claimgw.messages.decode import Decoded, decode
from claimgw.messages.encode import encode

_EXAMPLES = Path(__file__).parents[1] / "examples"
CLAIM, ANSWER, POLL = (
    _EXAMPLES / f"{name}.json"
    for name in ("claim-request-professional", "claim-response-complete", "poll-request")
)
ITEMS = 3
# A number has so many digits, as many as the identifier of a person.
_DIGITS = 10
# What stands before the number in the insurer's answer to a claim; in any answer to it; in that to a poll.
ANSWERED, TOLD, POLLED = "CR-", "102aa022-17b5-49a0-82c4-47", "0610b607-7fb7-4c92-8667-d1"
_MARK = "@NUMBER@@@"
# What stands in the examples, and what it begins with here; the number follows.
_OWN = {
    "CLM-2026-03101": "CLM-",
    "INV-2026-03101": "INV-",
    "ENC-2026-03101": "ENC-",
    "EPI-2026-03101": "EPI-",
    "CR-2026-03-55101": "CR-",
    "FAL-660101": "FAL-",
    "POLL-2026-04-0091": "POLL-",
    "1098765401": "",
    "Patient/51001": "Patient/",
    "Claim/41001": "Claim/",
    "Encounter/71001": "Encounter/",
    "Task/45001": "Task/",
    '"id":"45001"': '"id":"',
    '"id":"51001"': '"id":"',
    '"id":"41001"': '"id":"',
    '"id":"71001"': '"id":"',
}
# By this a message tells its number.
_BEFORE_NUMBER = b'"CLM-'
# Numbers follow each other as random ones would, and none comes twice: indexes are filled everywhere.
_PRIME, _STEP = 999_999_937, 736_338_717


class Template:
    """The pieces of a message, between which its number stands."""

    def __init__(self, raw: bytes, *others: bytes) -> None:
        """`others`: messages whose ids are mentioned in this one."""
        text = raw.decode()
        for identity in {one for each in (raw, *others) for one in _ids(each)}:
            text = text.replace(identity, identity[:-_DIGITS] + _MARK)
        for old, beginning in _OWN.items():
            # What is quoted in the table ends with its quote, here and there.
            end = '"' if old.endswith('"') else ""
            text = text.replace(old, beginning + _MARK + end)
        self._pieces = text.encode().split(_MARK.encode())

    def numbered(self, number: bytes) -> bytes:
        """The message with that number, of ten digits."""
        return number.join(self._pieces)


class Sent(StrEnum):
    """What a benchmark sends."""

    CLAIM = "claim"  # of three items, 21 kB
    POLL = "poll"  # for one message


def template(sent: Sent, replaced: Mapping[str, str] | None = None) -> Template:
    """The pieces of such a message. `replaced`: what stands in the example, and what is to stand there."""
    raw = claim(ITEMS) if sent is Sent.CLAIM else encode(_decoded(POLL))
    for old, new in (replaced or {}).items():
        raw = raw.replace(old.encode(), new.encode())
    return Template(raw)


def answers() -> Template:
    """What the insurer answers to a claim: everything approved."""
    return Template(encode(_decoded(ANSWER)), claim(ITEMS))


def claim(items: int, *, faulty: bool = False) -> bytes:
    """The written example with so many items; if faulty, with one fault in every tenth item."""
    bundle = _decoded(CLAIM)
    asked = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Claim")
    # The first item is repeated: of the others, one is a laboratory test that may be billed once.
    written = asked["item"]
    more = [{**written[0], "sequence": number + 1} for number in range(len(written), items)]
    asked["item"] = [*written, *more][:items]
    asked["total"]["value"] = sum((Decimal(item["net"]["value"]) for item in asked["item"]), Decimal(0))
    if faulty:
        for item in asked["item"][::10]:
            item["quantity"] = {"value": "1"}
    return encode(bundle)


def number_of(raw: bytes) -> bytes:
    """The number of a claim, read from its bytes."""
    begin = raw.index(_BEFORE_NUMBER) + len(_BEFORE_NUMBER)
    return raw[begin : begin + _DIGITS]


def numbers(first: int) -> Iterator[bytes]:
    """Numbers without end. Those of two beginnings meet only where one counts up to the other."""
    count = first
    while True:
        yield b"1%09d" % (count * _STEP % _PRIME)
        count += 1


def _decoded(file: Path) -> dict[str, Any]:
    decoded = decode(file.read_bytes())
    assert isinstance(decoded, Decoded)
    tree: dict[str, Any] = decoded.tree
    return tree


def _ids(raw: bytes) -> Iterator[str]:
    """Of the bundle and of its header: those that may never be used again."""
    bundle = json.loads(raw)
    yield bundle["id"]
    yield bundle["entry"][0]["resource"]["id"]
