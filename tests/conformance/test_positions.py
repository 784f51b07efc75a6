"""Is the value that a finding is about found in the text, however the text is written?"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claimgw.conformance.positions import Span, locate

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.json"))


def _places(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, f"{path}[{index}]")


def _one(text: bytes, path: str) -> tuple[Any, bool]:
    """What stands there, and whether that is it."""
    span = locate(text, [path])[path]
    return json.loads(text[span.start : span.end]), span.exact


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
@pytest.mark.parametrize("written", ["as it is", "one line", "escaped", "Windows"])
def test_every_value_of_every_example_is_found(file: Path, written: str) -> None:
    tree = json.loads(file.read_bytes())
    text = {
        "as it is": file.read_bytes(),
        "one line": json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode(),
        "escaped": json.dumps(tree, indent="\t").encode(),
        "Windows": json.dumps(tree, indent=4, ensure_ascii=False).replace("\n", "\r\n").encode(),
    }[written]
    places = dict(_places(tree, "Bundle"))
    found = locate(text, places)
    for path, value in places.items():
        span = found[path]
        assert span.exact, path
        assert json.loads(text[span.start : span.end]) == value, path


AWKWARD = r"""
{ "a\"b" : "}]\\", "resourceType":"X", "weird" : [ [1, [ -2.5e3 , "\u00e9\"" ] ], {} , [] ,null ],
  "valueString" : "é]\"{", "\u006eame":true, "_birthDate":{"extension":[{"url":"u","valueCode":"c"}]},
  "birthDate" : "1" ,
  "itemSequence":[4], "onsetDateTime":"o", "onset":"plain", "e":{ } }
""".encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("X.weird[0][1][1]", 'é"'),
        ("X.weird[0][1][0]", -2500.0),
        ("X.weird[3]", None),
        ("X.value", 'é]"{'),
        ("X.name", True),
        ("X.birthDate", "1"),
        ("X.birthDate.extension[0].value", "c"),
        ("X.onset", "plain"),
        ("X.e", {}),
    ],
)
def test_awkward_text_is_read_and_places_are_spelled_as_in_fhirpath(path: str, value: object) -> None:
    assert _one(AWKWARD, path) == (value, True)


@pytest.mark.parametrize("path", ["", "X", "Bundle", "bundle"])
def test_the_root_is_the_text_without_the_space_around_it(path: str) -> None:
    assert locate(AWKWARD, [path])[path] == Span(1, len(AWKWARD) - 1, True)


CLAIM = json.dumps(
    {
        "resourceType": "Claim",
        "extension": [{"url": "a", "valueMoney": {"value": 1}}],
        "item": [{"sequence": 1}, {"detailSequence": [7]}],
    },
    indent=1,
).encode()


@pytest.mark.parametrize(
    ("path", "around"),
    [
        ("Claim.item[0].net", {"sequence": 1}),
        ("Claim.item[1].detail", {"detailSequence": [7]}),  # no choice of types
        ("Claim.item[1].detail[0].net.value", {"detailSequence": [7]}),
        ("Claim.item[7].net", [{"sequence": 1}, {"detailSequence": [7]}]),
        ("Claim.extension[0].newborn", [{"url": "a", "valueMoney": {"value": 1}}]),
        ("Claim.extension[0].value.currency", {"value": 1}),
        ("Claim.extension[0].value[x]:valueMoney.currency", {"value": 1}),
        ("Claim.item[0].?", {"sequence": 1}),
    ],
)
def test_what_is_missing_is_placed_at_what_it_is_missing_from(path: str, around: object) -> None:
    assert _one(CLAIM, path) == (around, False)


def test_what_is_missing_from_the_resource_is_placed_at_the_resource() -> None:
    assert locate(CLAIM, ["Claim.status"])["Claim.status"] == Span(0, len(CLAIM), False)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":' + b"[" * 90 + b"1" + b"]" * 90 + b"}",
        b'{"' + b"A" * 1_000_000 + b'":1,"a":[1]}',
        b'{"b":"' + b'\\"' * 500_000 + b'","a":[1]}',
        b'{"b":[' + b"{}," * 300_000 + b'0],"a":[1]}',
    ],
    ids=["deep", "a long key", "a long string", "a long array"],
)
def test_large_texts_take_linear_time(text: bytes) -> None:
    began = time.perf_counter()
    assert locate(text, [f"X.a{'[0]' * depth}" for depth in range(200)])["X.a[0]"].exact
    assert time.perf_counter() - began < 5
