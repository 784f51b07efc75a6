"""Which valid messages are there to be spoilt?"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from campaigns.spec import Json
from claimgw.messages.decode import Decoded, decode

EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    bundle: Json


def samples() -> dict[str, Sample]:
    """By name. The one that is wrong on purpose is left out."""
    found = {}
    for file in sorted(EXAMPLES.glob("*.json")):
        decoded = decode(file.read_bytes())
        if isinstance(decoded, Decoded) and "refused" not in file.stem:
            found[file.stem] = Sample(file.stem, cast(Json, decoded.tree))
    return found
