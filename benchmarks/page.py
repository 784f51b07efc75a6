"""Where do the figures stand in the documentation? Between two marks for each table."""

import re
from pathlib import Path

from benchmarks.chart import drawn
from benchmarks.sheet import Sheet, shown

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "performance.md"


def written(sheet: Sheet) -> str:
    """The table in Markdown, its chart before it and its goals below."""
    chart = [f"![{sheet.title}]({_picture(sheet)})", ""] if sheet.charted else []
    lines = [
        *chart,
        _row(sheet.columns),
        _row(["---", *["---:"] * (len(sheet.columns) - 1)]),
        *[_row([shown(cell) for cell in row]) for row in sheet.rows],
    ]
    goals = ["", *[f"- {goal.told()}" for goal in sheet.goals]] if sheet.goals else []
    return "\n".join([*lines, *goals])


def put(sheet: Sheet, page: Path = PAGE) -> None:
    """Replace what stands between the marks of that sheet. Raises ValueError if there are none."""
    begin, end = f"<!-- {sheet.name} -->", f"<!-- /{sheet.name} -->"
    text = page.read_text()
    marks = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not marks.search(text):
        raise ValueError(f"{page.name} has no place for {sheet.name}: write {begin} and {end}")
    page.write_text(marks.sub(lambda _: f"{begin}\n\n{written(sheet)}\n\n{end}", text))
    if sheet.charted:
        (page.parent / _picture(sheet)).write_text(drawn(sheet))


def _picture(sheet: Sheet) -> str:
    return f"performance-{sheet.name}.svg"


def _row(cells: "list[str] | tuple[str, ...]") -> str:
    return f"| {' | '.join(cells)} |"
