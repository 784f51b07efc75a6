"""Are licences and business identifiers read as they stand, and nothing else taken for one?"""

from typing import Any

import pytest

from claimgw.messages.identifiers import GATEWAY, LICENCE_SYSTEMS, Identifier, Licence, LicenceKind


@pytest.mark.parametrize("kind", LicenceKind)
def test_a_licence_is_the_same_on_the_wire_and_as_a_key(kind: LicenceKind) -> None:
    licence = Licence(kind, "10:0")
    assert Licence.of(licence.on_the_wire()) == licence
    assert Licence.parse(str(licence)) == licence


@pytest.mark.parametrize("key", ["", "PR-1", "provider:", "tpa:1", ":x"])
def test_what_is_no_key_of_a_licence_raises(key: str) -> None:
    with pytest.raises(ValueError):
        Licence.parse(key)


@pytest.mark.parametrize(
    "identifier",
    [
        None,
        "x",
        [],
        {},
        {"value": "1"},
        {"system": LICENCE_SYSTEMS[LicenceKind.PROVIDER]},
        {"system": LICENCE_SYSTEMS[LicenceKind.PROVIDER], "value": 1},
        {"system": LICENCE_SYSTEMS[LicenceKind.PROVIDER], "value": ""},
        {"system": LICENCE_SYSTEMS[LicenceKind.PROVIDER], "value": "a\nb"},
        {"system": LICENCE_SYSTEMS[LicenceKind.PROVIDER], "value": "a\x00"},
        {"system": LICENCE_SYSTEMS[LicenceKind.PROVIDER], "value": "a" * 256},
        {"system": LICENCE_SYSTEMS[LicenceKind.PROVIDER].upper(), "value": "1"},
        {"system": "http://nphies.sa/license/practitioner-license", "value": "1"},
    ],
)
def test_what_is_no_licence_is_none(identifier: Any) -> None:
    assert Licence.of(identifier) is None


def test_the_gateway_has_a_licence_of_its_own() -> None:
    assert GATEWAY.on_the_wire() == {"system": "http://nphies.sa/license/nphies", "value": "NPHIES"}


def test_the_first_usable_identifier_counts() -> None:
    usable = {"system": "http://a.example", "value": "1"}
    assert Identifier.first([7, {"value": "2"}, usable]) == Identifier("http://a.example", "1")
    assert Identifier.first(usable) == Identifier("http://a.example", "1")
    assert Identifier.first([]) is None
    assert Identifier("http://a.example", "1").on_the_wire() == usable
