"""Does a reference lead where FHIR R4 says it leads?"""

import time

import pytest

from claimgw.messages.references import absolute, index, is_relative, resolve

_URLS = [
    "http://a.example/fhir/Patient/1",
    "http://a.example/fhir/Organization/1",
    "http://b.example/Patient/1",
    "urn:uuid:AB",
    None,
    "http://a.example/fhir/PATIENT/2",
]
BY_URL = index(_URLS, lambda url: url)
_HERE = "http://a.example/fhir/Claim/7"


@pytest.mark.parametrize(
    ("reference", "standing_in", "target"),
    [
        ("http://b.example/Patient/1", _HERE, "http://b.example/Patient/1"),
        ("Patient/1", _HERE, "http://a.example/fhir/Patient/1"),
        ("Patient/1", "http://b.example/Claim/7", "http://b.example/Patient/1"),
        ("Patient/1", "http://a.example/fhir/Claim/7/_history/2", "http://a.example/fhir/Patient/1"),
        ("Patient/1", "urn:uuid:AB", None),
        ("Patient/1", None, None),
        ("urn:uuid:AB", None, "urn:uuid:AB"),
        ("urn:uuid:ab", None, "urn:uuid:AB"),
        ("Patient/2", _HERE, "http://a.example/fhir/PATIENT/2"),
        ("Patient/9", _HERE, None),
        ("patient/1", _HERE, None),
        ("", _HERE, None),
    ],
)
def test_a_reference_leads_to_its_entry(reference: str, standing_in: str | None, target: str | None) -> None:
    assert resolve(reference, standing_in, BY_URL) == target


def test_an_address_to_the_letter_goes_before_one_of_the_other_case() -> None:
    by_url = index(["http://x/P/A", "http://x/p/a"], lambda url: url)
    assert resolve("http://x/p/a", None, by_url) == "http://x/p/a"
    assert resolve("http://x/P/A", None, by_url) == "http://x/P/A"


def test_the_first_of_two_entries_with_one_address_counts() -> None:
    by_url = index([("u", 1), ("u", 2)], lambda entry: entry[0])
    assert by_url["u"] == ("u", 1)


def test_only_type_and_id_are_relative() -> None:
    assert is_relative("Patient/1")
    assert not is_relative("http://a.example/Patient/1")
    assert not is_relative("Patient/1/_history/2")
    assert absolute("Patient/1", "urn:uuid:1") is None


def test_an_address_of_megabytes_is_not_searched_for_each_reference() -> None:
    here = "http://a.example" + "/A" * 2_000_000
    before = time.process_time()
    assert all(resolve("Patient/1", here, BY_URL) is None for _ in range(1000))
    assert time.process_time() - before < 1
