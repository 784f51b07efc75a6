"""Are modifier extensions found wherever they are and however they are written?"""

import json

import pytest

from claimgw.conformance import Direction, check
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding
from tests.conformance.sample import NOW, claim, resource

_MODIFIER = [{"url": "http://provider.example/not", "valueBoolean": True}]


def _places(raw: bytes) -> list[str]:
    envelope = read(raw)
    assert isinstance(envelope, Envelope)
    found: list[Finding] = check(envelope, NOW, direction=Direction.REQUEST, all_stages=True)
    return [one.path for one in found if one.code == "BV-00472"]


@pytest.mark.parametrize(
    "name", [b"modifierExtension", rb"modifier\u0045xtension", rb"\u006dodifierExtension"]
)
def test_a_modifier_extension_is_found_at_its_place(name: bytes) -> None:
    raw = _encoded().replace(b"modifierExtension", name)
    assert _places(raw) == ["bundle.entry[1].resource.item[0].modifierExtension"]


def test_one_word_in_a_text_is_no_modifier_extension() -> None:
    message = claim()
    resource(message, 3)["name"] = "modifierExtension"
    assert _places(_bytes(message)) == []


def _encoded() -> bytes:
    message = claim()
    resource(message, 1)["item"][0]["modifierExtension"] = _MODIFIER
    return _bytes(message)


def _bytes(message: object) -> bytes:
    return json.dumps(message).encode()
