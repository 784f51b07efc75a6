"""Which lines are shown for a finding, and what of them is marked?"""

import json

import pytest

from claimgw.cli.excerpts import Excerpt, excerpts
from claimgw.conformance import Validator, Verdict
from claimgw.messages.findings import Finding
from tests.gateway import example

VALIDATOR = Validator()


def at(raw: bytes, *paths: str, type_: str = "Patient") -> list[Excerpt | None]:
    return excerpts(raw, Verdict(type_, tuple(Finding("X", path, "text") for path in paths)))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_around_and_the_value_itself(end: str) -> None:
    raw = end.join(["{", '  "a": 1,', '  "gender" : "hé" , "b": 2,', '  "c": 3', "}"]).encode()
    assert at(raw, "Patient.gender", "Patient.b") == [
        Excerpt(3, 14, ("{", '  "a": 1,'), '  "gender" : ', '"hé"', ' , "b": 2,', ('  "c": 3',)),
        Excerpt(3, 26, ("{", '  "a": 1,'), '  "gender" : "hé" , "b": ', "2", ",", ('  "c": 3',)),
    ]


def test_a_value_of_several_lines_is_marked_on_its_first() -> None:
    raw = b'{"name": [\n{"family":\n"x"}\n]}'
    assert at(raw, "Patient.name[0].family", "Patient.name[0]", "Patient.name[0].use") == [
        Excerpt(3, 1, ('{"name": [', '{"family":'), "", '"x"', "}", ("]}",)),
        Excerpt(2, 1, ('{"name": [',), "", '{"family":', "", ('"x"}',)),
        Excerpt(2, 1, ('{"name": [',), "", '{"family":', "", ('"x"}',)),
    ]


def test_of_a_long_line_only_what_is_near_is_kept() -> None:
    raw = json.dumps({"a": "é" * 5000, "gender": "x", "b": "y" * 5000}, ensure_ascii=False).encode()
    [found] = at(raw, "Patient.gender")
    assert found is not None
    assert found.column == len('{"a": "') + 5000 + len('", "gender": ') + 1
    assert found.left.endswith('é", "gender": ')
    assert found.right.startswith(', "b": "yyy')
    assert len(found.left) < 400 > len(found.right)


def test_nothing_that_moves_the_cursor_is_shown() -> None:
    [found] = at('{"gender": "a\u202eb\u009b2Jc", "tab":\t1}'.encode(), "Patient.gender")
    assert found is not None
    assert (found.marked, found.right) == ('"a b 2Jc"', ', "tab": 1}')


@pytest.mark.parametrize(
    ("raw", "line", "column"),
    [
        (b'{"a": 1,\n "b" 2}', 2, 6),
        (b'{"a": 1,\n "b": \xff}', 2, 7),
        (b'{"a": 1,\n "b": \n', 2, 6),
    ],
)
def test_of_what_is_no_json_it_is_shown_where_reading_ended(raw: bytes, line: int, column: int) -> None:
    [found] = excerpts(raw, VALIDATOR.validate(raw))
    assert found is not None
    assert (found.line, found.column) == (line, column)


def test_what_is_about_the_whole_text_has_no_lines() -> None:
    assert excerpts(b"{}", VALIDATOR.validate(b"{}")) == [None]


def test_places_within_the_messages_of_a_batch_are_not_guessed() -> None:
    raw = example("batch-request")
    whole, within = at(raw, "Bundle.entry[0].resource.id", "bundle.entry[1].resource.id", type_="Bundle")
    assert whole is not None
    assert within is None
    assert at(example("poll-request"), "bundle.entry[1].resource.id", type_="Bundle") != [None]


def test_every_finding_of_a_long_message_is_placed() -> None:
    raw = json.dumps({"resourceType": "Basic", "note": [{"mood": 1}] * 3000}).encode()
    verdict = Verdict("Basic", tuple(Finding("X", f"Basic.note[{n}].mood", "") for n in range(3000)))
    found = excerpts(raw, verdict)
    assert len({one.column for one in found if one is not None}) == 3000
