"""Do the papers tell the truth about the code?"""

import re
from pathlib import Path

from claimgw.settings import Settings
from claimgw.store.tables import exchange, history_start, imported, relation, statement, topic

ROOT = Path(__file__).parents[1]


def settings_table() -> str:
    """The settings as README shows them."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default_factory or field.default in (None, ()) else _plain(field.default)
        rows.append(f"| `CLAIMGW_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def _plain(value: object) -> str:
    return f"`{','.join(map(str, value)) if isinstance(value, tuple) else value}`"


def test_the_readme_lists_every_setting() -> None:
    readme = (ROOT / "README.md").read_text()
    found = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", readme, re.DOTALL)
    assert found is not None
    assert found[1] == settings_table()


def test_every_file_the_readme_names_is_there() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"`((?:src|docs|examples)/[\w./-]+|Dockerfile|compose\.yaml)`", readme))
    assert len(named) > 8
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_page_on_memory_lists_every_column() -> None:
    page = (ROOT / "docs" / "memory.md").read_text()
    for table in (exchange, relation, statement, topic, history_start, imported):
        told = re.search(rf"### `{table.name}`(.*?)\n##", page, re.DOTALL)
        assert told is not None
        columns = {column.name for column in table.columns}
        assert columns - set(re.findall("`([a-z_]+)`", told[1])) == set(), table.name
