"""Which valid messages are there to be spoilt? The examples, and what is made of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from campaigns.additions import fuller, in_error
from campaigns.classes import of_each_class
from campaigns.grafts import grafted
from campaigns.spec import Json
from claimgw.messages.decode import Decoded, decode

EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    bundle: Json


def samples() -> dict[str, Sample]:
    """By name. The example that is wrong on purpose is left out."""
    found = {}
    for file in sorted([*EXAMPLES.glob("*.json"), *EXAMPLES.glob("0.3.0/*.json")]):
        if "refused" not in file.stem:
            name = str(file.relative_to(EXAMPLES).with_suffix(""))
            found[name] = Sample(name, _tree(file))
    for sample in list(found.values()):
        for what, made in _made_of(sample.bundle):
            found[f"{sample.name}-{what}"] = Sample(f"{sample.name}-{what}", made)
    return found


def _tree(file: Path) -> Json:
    decoded = decode(file.read_bytes())
    assert isinstance(decoded, Decoded), file
    return cast(Json, decoded.tree)


def _made_of(bundle: Json) -> Iterator[tuple[str, Json]]:
    yield from of_each_class(bundle)
    if more := fuller(grafted(bundle) or bundle):
        yield "more", more
    if error := in_error(bundle):
        yield "error", error
