"""Do the figures get onto the page, as a table, with goals and a chart?"""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.page import PAGE, put
from benchmarks.sheet import Sheet, least, most, shown

NAMES = (
    *("real-time", "half-load", "processes", "steps", "statements"),
    *("polls", "pick-up", "drain", "silent", "memory"),
)


@pytest.fixture
def sheet() -> Sheet:
    return Sheet(
        "real-time",
        "Real <time>",
        ("", "claims/s", "p99 ms"),
        (("claimgw", 412.345, 9.876), ("floor", 1234.5, 0.123)),
        (least("claims/s", 412.3, 350), most("p99", 31.5, 30)),
        ("claims/s",),
    )


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- real-time -->\nold\n<!-- /real-time -->\nafter\n")
    return page


def test_a_table_takes_the_place_of_the_one_before(sheet: Sheet, page: Path) -> None:
    put(sheet, page)
    put(sheet, page)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert text.count("| claimgw | 412 | 9.88 |") == 1


def test_a_goal_that_is_missed_says_so(sheet: Sheet, page: Path) -> None:
    put(sheet, page)
    assert "- claims/s: 412.3 (at least 350)\n" in page.read_text()
    assert "- p99: 31.5 (at most 30; **missed**)\n" in page.read_text()


def test_a_chart_has_a_bar_for_each_row_and_can_be_read_in_the_dark(sheet: Sheet, page: Path) -> None:
    put(sheet, page)
    drawn = (page.parent / "performance-real-time.svg").read_text()
    bars = ElementTree.fromstring(drawn).findall("{http://www.w3.org/2000/svg}rect")
    assert [bar.get("class") for bar in bars] == ["ours", "bar"]
    assert "prefers-color-scheme: dark" in drawn


def test_a_page_without_a_place_for_a_table_is_an_error(sheet: Sheet, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="no place for real-time"):
        put(sheet, page)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_a_place_for_every_table(name: str) -> None:
    text = PAGE.read_text()
    assert text.index(f"<!-- {name} -->") < text.index(f"<!-- /{name} -->")


@pytest.mark.parametrize(
    ("cell", "text"),
    [("name", "name"), (1234567, "1,234,567"), (1234.5, "1,234"), (12.34, "12.3"), (0.0, "0")],
)
def test_numbers_have_as_many_digits_as_mean_anything(cell: str | float, text: str) -> None:
    assert shown(cell) == text
