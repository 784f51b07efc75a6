"""Is each written example what its name says?"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from claimgw.conformance import Direction, check
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.events import Leg
from claimgw.messages.findings import errors

_FOLDER = Path(__file__).parents[2] / "examples"
_DIRECTIONS = {Leg.REQUEST: Direction.REQUEST, Leg.RESPONSE: Direction.ANSWER, Leg.NOTICE: Direction.NOTICE}
NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


def _messages() -> list[Path]:
    """At both versions; faults/ holds patches, no messages."""
    return sorted([*_FOLDER.glob("*.json"), *_FOLDER.glob("0.3.0/*.json")])


@pytest.mark.parametrize("file", _messages(), ids=lambda file: str(file.relative_to(_FOLDER)))
def test_an_example_is_valid_unless_it_is_called_refused(file: Path) -> None:
    envelope = read(file.read_bytes())
    assert isinstance(envelope, Envelope)
    assert envelope.event is not None
    found = check(envelope, NOW, direction=_DIRECTIONS[envelope.event.leg], all_stages=True)
    assert bool(errors(found)) == ("refused" in file.stem)
