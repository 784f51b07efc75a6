"""What do the tables of docs/errors.md say?"""

from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def table(heading: str = "") -> list[tuple[str, ...]]:
    """The rows under that heading, or of the first table; without those that name the columns."""
    sections = _PAGE.read_text(encoding="utf-8").split("\n## ")
    [section] = [one for one in sections[1:] if one.partition("\n")[0] == heading] or sections[:1]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]
