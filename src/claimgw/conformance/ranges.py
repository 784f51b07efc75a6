"""How are many codes written down in few lines? `BV: 00041 00364-00366` are four."""

from collections.abc import Iterator


def codes(table: str) -> Iterator[str]:
    """Each family once, then its numbers and ranges of numbers."""
    family = ""
    for word in table.split():
        if word.endswith(":"):
            family = word[:-1]
        else:
            first, _, last = word.partition("-")
            yield from (f"{family}-{number:05d}" for number in range(int(first), int(last or first) + 1))
