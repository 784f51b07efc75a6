"""Whose rows are looked at: those of one provider, of one insurer, or of both?"""

from sqlalchemy import ColumnElement, Table


def between(table: Table, provider: str | None, insurer: str | None) -> list[ColumnElement[bool]]:
    """The conditions on columns `provider` and `insurer`; None: whoever it is."""
    wanted = {"provider": provider, "insurer": insurer}
    return [table.c[party] == licence for party, licence in wanted.items() if licence is not None]
