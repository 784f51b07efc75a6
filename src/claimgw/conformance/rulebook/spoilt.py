"""Which faults are written down as examples: a valid message, what spoils it, and what is then found?

`faults/*.json`, beside `examples/`, hold them, each a list of objects: `code`, `what` (a sentence: what is
wrong here), `message` (the stem of a file in `examples/`), `given` (what is added to it first), `patch` (both
RFC 6902, of which add, remove and replace are known) and `expression` (the place of the finding). They are
read by the
tests and by `claimgw rules CODE`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from claimgw.messages.decode import Decoded, decode


class Change(msgspec.Struct, frozen=True):
    """One operation of a JSON Patch; `path` is a JSON Pointer (RFC 6901), `value` any JSON."""

    op: str
    path: str
    value: Any = None


class SpoiltExample(msgspec.Struct, frozen=True):
    """One fault. `received` is the time of receipt if it is not the message's own timestamp.

    `given` comes before the patch and leaves the message sound: what the rule is about, if no example has it.
    """

    code: str
    what: str
    message: str
    patch: tuple[Change, ...]
    expression: str
    received: str | None = None
    given: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A fault and the messages before and after it."""

    example: SpoiltExample
    sound: dict[str, Any]
    spoilt: dict[str, Any]


_READ = msgspec.json.Decoder(tuple[SpoiltExample, ...], float_hook=Decimal)


def spoilt_examples(examples: Path, code: str | None = None) -> list[Spoilt]:
    """All that are written down beside those messages, or those for one code.

    Raises ValueError for one that does not fit.
    """
    sound: dict[str, dict[str, Any]] = {}
    found = []
    for file in sorted((examples.parent / "faults").glob("*.json")):
        for example in _READ.decode(file.read_bytes()):
            if code not in (None, example.code):
                continue
            if example.message not in sound:
                sound[example.message] = _tree(examples / f"{example.message}.json")
            before = patched(sound[example.message], example.given)
            found.append(Spoilt(example, before, patched(before, example.patch)))
    return found


def _tree(file: Path) -> dict[str, Any]:
    decoded = decode(file.read_bytes())
    if not isinstance(decoded, Decoded):
        raise ValueError(f"{file} cannot be read")
    tree: dict[str, Any] = decoded.tree
    return tree


def patched(tree: dict[str, Any], patch: Sequence[Change]) -> dict[str, Any]:
    """The tree with the changes made, in their order; what they leave alone is shared, so change neither.

    Raises ValueError where a path leads nowhere.
    """
    changed = tree
    for change in patch:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in change.path.split("/")[1:]]
        try:
            changed = _changed(changed, steps, change)
        except (KeyError, IndexError, TypeError) as fault:
            raise ValueError(f"there is nothing to {change.op} at {change.path}") from fault
    return changed


def _changed(node: Any, steps: list[str], change: Change) -> Any:
    """The node anew, and whatever lies on the way; the rest is the same object."""
    step, *rest = steps
    anew: Any = dict(node) if isinstance(node, dict) else list(node)
    key: Any = step if isinstance(node, dict) else len(node) if step == "-" else int(step)
    if rest:
        anew[key] = _changed(anew[key], rest, change)
        return anew
    match change.op:
        case "add" if isinstance(anew, list):
            anew.insert(key, change.value)
        case "add":
            anew[key] = change.value
        case "replace":
            _ = anew[key]
            anew[key] = change.value
        case "remove":
            del anew[key]
        case other:
            raise ValueError(f"{other} is none of add, remove, replace")
    return anew
