"""Which faults are written down as examples: a valid message, what spoils it, and what is then found?

`faults/*.json`, beside `examples/`, hold them, each a list of objects: `code`, `what` (a sentence: what is
wrong here), `message` (the stem of a file in `examples/`), `given` (what is added to it first), `patch` (both
RFC 6902, of which add, remove and replace are known) and `expression` (the place of the finding). A fault
against history or registry has `before` too: the messages that came before it, in order, each `message` and
`patch`; and perhaps `meanwhile`: those that came besides, and make a fault of it. They are read by the tests
and by `claimgw rules CODE`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from claimgw.conformance.history.remembered import licences_in, remember
from claimgw.conformance.memory import Memory
from claimgw.messages.decode import Decoded, decode
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read


class Change(msgspec.Struct, frozen=True):
    """One operation of a JSON Patch; `path` is a JSON Pointer (RFC 6901), `value` any JSON."""

    op: str
    path: str
    value: Any = None


class Earlier(msgspec.Struct, frozen=True):
    """A message that came before: an example, and what is different in it."""

    message: str
    patch: tuple[Change, ...] = ()


class SpoiltExample(msgspec.Struct, frozen=True):
    """One fault. `received` is the time of receipt if it is not the message's own timestamp.

    `given` comes before the patch and leaves the message sound: what the rule is about, if no example has it.
    `before` None: nobody looks at what came before, and who is registered; else all that the sound
    messages name are.
    """

    code: str
    what: str
    message: str
    expression: str
    patch: tuple[Change, ...] = ()
    received: str | None = None
    given: tuple[Change, ...] = ()
    before: tuple[Earlier, ...] | None = None
    meanwhile: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A fault and the messages before and after it. `before` and `meanwhile` as in the example."""

    example: SpoiltExample
    sound: dict[str, Any]
    spoilt: dict[str, Any]
    before: tuple[dict[str, Any], ...] = ()
    meanwhile: tuple[dict[str, Any], ...] = ()

    def memory(self, *, of_spoilt: bool) -> Memory | None:
        """With what the spoilt message, or the sound one, is judged."""
        if self.example.before is None:
            return None
        before = [_envelope(one) for one in self.before]
        registered = licences_in([*before, _envelope(self.sound)])
        if of_spoilt:
            before += [_envelope(one) for one in self.meanwhile]
        about = _envelope(self.spoilt if of_spoilt else self.sound)
        return remember(before, about, licences=registered)


_READ = msgspec.json.Decoder(tuple[SpoiltExample, ...], float_hook=Decimal)


def spoilt_examples(examples: Path, code: str | None = None) -> list[Spoilt]:
    """All that are written down beside those messages, or those for one code.

    Raises ValueError for one that does not fit.
    """

    @cache
    def tree(message: str) -> dict[str, Any]:
        return _tree(examples / f"{message}.json")

    return [
        _spoilt(example, tree)
        for file in sorted((examples.parent / "faults").glob("*.json"))
        for example in _READ.decode(file.read_bytes())
        if code in (None, example.code)
    ]


def _spoilt(example: SpoiltExample, tree: Callable[[str], dict[str, Any]]) -> Spoilt:
    def all_of(earlier: Sequence[Earlier]) -> tuple[dict[str, Any], ...]:
        return tuple(patched(tree(one.message), one.patch) for one in earlier)

    sound = patched(tree(example.message), example.given)
    spoilt = patched(sound, example.patch)
    return Spoilt(example, sound, spoilt, all_of(example.before or ()), all_of(example.meanwhile))


def _envelope(tree: dict[str, Any]) -> Envelope:
    envelope = read(encode(tree))
    if not isinstance(envelope, Envelope):
        raise ValueError(f"this is no message: {envelope.text}")
    return envelope


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
