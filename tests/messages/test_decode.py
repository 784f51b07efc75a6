"""Is a text read exactly when it is JSON that means one thing, and is every place named that FHIR forbids?"""

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.messages import claim
from claimgw.messages.decode import LARGEST, Decoded, decode
from claimgw.messages.findings import Finding


def _sound(text: str) -> Decoded:
    decoded = decode(text.encode())
    assert isinstance(decoded, Decoded), decoded
    return decoded


def _found(text: str) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in _sound(text).findings]


def _refused(raw: bytes) -> Finding:
    decoded = decode(raw)
    assert isinstance(decoded, Finding)
    return decoded


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<Bundle/>",
        b'{"a":1',
        b"{'a':1}",
        b'{"a":NaN}',
        b'{"a":01}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\xff"}',
        b'{"a":"\x00"}',
        b'{"a":1}{"b":2}',
    ],
)
def test_what_is_not_json_in_utf8_is_refused(raw: bytes) -> None:
    assert _refused(raw).code == "GE-00013"


def test_more_than_ten_megabytes_are_refused_as_too_large() -> None:
    assert _refused(b'"' + b"a" * LARGEST + b'"').code == "BV-00076"
    assert isinstance(decode(b'"' + b"a" * (LARGEST - 2) + b'"'), Decoded)


def test_a_hundred_levels_are_read_and_a_hundred_thousand_refused() -> None:
    _sound("[" * 90 + "1" + "]" * 90)
    assert _refused(b"[" * 110 + b"1" + b"]" * 110).code == "GE-00013"
    assert _refused(b"[" * 100_000 + b"]" * 100_000).code == "GE-00013"


def test_decimals_keep_their_digits() -> None:
    tree = _sound('{"a":100.00,"b":0.1,"c":1e2,"d":7}').tree
    assert tree == {"a": Decimal("100.00"), "b": Decimal("0.1"), "c": Decimal("1e2"), "d": 7}
    assert str(tree["a"]) == "100.00"
    assert isinstance(tree["d"], int)


@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":2}', '{"x":[{"b":{},"a":1,"a":1}]}', '{"a\\"":1,"b":"\\\\","b":2}', '{"a":1,"\\u0061":2}'],
)
def test_a_key_given_twice_is_refused(text: str) -> None:
    refused = _refused(text.encode())
    assert refused.code == "GE-00013"
    assert "twice" in refused.text


def test_the_same_key_in_two_objects_is_not_given_twice() -> None:
    assert _found('{"a":{"b":1},"c":{"b":1},"d":"\\"\\\\","e":"\\\\\\""}') == []


def test_a_key_given_twice_is_named_only_if_it_could_be_an_element() -> None:
    assert "'status'" in _refused(b'{"status":1,"status":2}').text
    assert "Jane" not in _refused(b'{"Jane Doe":1,"Jane Doe":2}').text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a":null}', [("GE-00013", "Bundle")]),
        ('{"a":{"b":[{"c":null,"d":null}]}}', [("GE-00013", "Bundle.a.b[0]")]),
        ('{"a":[null]}', [("GE-00013", "Bundle.a[0]")]),
        ('{"a":[{"b":1},null]}', [("GE-00013", "Bundle.a[1]")]),
        ('{"a":["x",null],"_a":[null,{"b":1}]}', []),
        ('{"a":{}}', [("FR-00006", "Bundle.a")]),
        ('{"a":""}', [("FR-00006", "Bundle.a")]),
        ('{"a":[]}', []),
        ('{"a":"x\\u0000"}', [("GE-00013", "Bundle.a")]),
        ('{"a":1E+999999999}', [("GE-00013", "Bundle.a")]),
        ('{"a":1E-999999999}', [("GE-00013", "Bundle.a")]),
        ('{"a b":{"c":""}}', [("FR-00006", "Bundle.?.c")]),
        ('{"' + "k" * 70 + '":""}', [("FR-00006", "Bundle.?")]),
    ],
)
def test_what_json_of_fhir_forbids_is_a_finding_at_its_place(text: str, found: list[tuple[str, str]]) -> None:
    assert _found(text) == found


def test_a_thousand_forbidden_places_are_enough() -> None:
    assert len(_found('{"a":[' + ",".join(["{}"] * 100_000) + "]}")) == 1000


def test_a_long_key_above_many_values_costs_no_time() -> None:
    text = '{"' + "k" * 1_000_000 + '":[' + ",".join(["1"] * 500_000) + '],"b":""}'
    before = time.process_time()
    assert _found(text) == [("FR-00006", "Bundle.b")]
    assert time.process_time() - before < 4


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused(raw: bytes) -> None:
    assert isinstance(decode(raw), Decoded | Finding)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_any_json_value_is_read_as_json_reads_it(value: Any) -> None:
    text = json.dumps(value)
    decoded = decode(text.encode())
    assert isinstance(decoded, Decoded)
    assert decoded.tree == json.loads(text, parse_float=Decimal)


@pytest.mark.parametrize("value", [b'{"a":1}', b"[1]", b"1.5", b'"ab"'])
def test_a_text_of_more_values_than_memory_is_meant_for_is_not_read(value: bytes) -> None:
    told = decode(b'{"a":[' + b",".join([value] * (9_000_000 // (len(value) + 1))) + b"]}")
    assert isinstance(told, Finding)
    assert (told.code, told.text) == ("BV-00076", "The message holds too many values")


def test_a_claim_as_large_as_may_be_is_read() -> None:
    raw = claim(7500, faulty=False)
    assert len(raw) > 9_000_000
    assert isinstance(decode(raw), Decoded)
