"""How is the table of docs/outcomes.md made from the code? Run me to write it anew.

.venv/bin/python -m tests.clearinghouse.outcomes_page
"""

from pathlib import Path

from claimgw.clearinghouse.delivery.outcomes import MEANING, Again, Heard

PAGE = Path(__file__).parents[2] / "docs" / "outcomes.md"
BEGIN, END = "<!-- the table: begin -->", "<!-- the table: end -->"

_HEAD = ("Outcome", "When", "Arrived?", "The provider hears", "Sent again?", "Error notice?", "Breaker?")
_HEARD = {
    Heard.PENDED: "`queued`, by the gateway",
    Heard.ANSWER: "the insurer's own answer",
    Heard.ERROR: "`error` with GE-00026, by the gateway",
}
_AGAIN = {
    Again.LATER: "after a growing delay",
    Again.SLOWLY: "after a long delay",
    Again.AFTER_GRACE: "after the grace",
    Again.NEVER: "no",
}


def table() -> str:
    """The table, a row for every outcome."""
    rows = [_HEAD, tuple("---" for _ in _HEAD)]
    rows += [
        (
            f"`{outcome}`",
            meaning.when,
            str(meaning.arrived),
            _HEARD[meaning.heard],
            _AGAIN[meaning.again],
            "yes" if meaning.notice else "no",
            "yes" if meaning.breaker else "no",
        )
        for outcome, meaning in MEANING.items()
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def between(page: str) -> str:
    """What stands between the marks."""
    return page.partition(BEGIN)[2].partition(END)[0].strip()


def rendered(page: str) -> str:
    """The page with the table as the code has it now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text()))
