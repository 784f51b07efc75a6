"""What is any JSON in any place? Valid messages spoilt at random, by a seed."""

import copy
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from campaigns.sites import Way, at
from campaigns.spec import Json
from claimgw.messages.encode import encode

_WORDS = (
    "",
    " ",
    "Bundle",
    "Claim",
    "Patient",
    "urn:uuid:1",
    "2026-02-30",
    "http://a.example/Claim/1",
    "#p1",
    "1.0.0|",
    "é\u0000\u202e\ud83d\ude00",
    "x" * 5000,
    "a " * 3000,
    "2" * 4000,
    "http://" + "a/A" * 1500,
    "((((" * 500,
)
_KEYS = (
    "resourceType",
    "id",
    "entry",
    "resource",
    "meta",
    "profile",
    "extension",
    "url",
    "reference",
    "identifier",
    "value",
    "valueMoney",
    "valueReference",
    "_id",
    "_value",
    "contained",
    "coding",
    "code",
    "item",
    "",
)
_NUMBERS = (0, -1, 7, 1.5, 1e300, -0.0, 10**40, 2**63)
_BYTES = 0.1


def message(valid: Sequence[Json], chance: random.Random) -> bytes:
    """A valid message with one to four random changes, or with some of its bytes changed."""
    bundle = copy.deepcopy(chance.choice(valid))
    if chance.random() < _BYTES:
        return _bytes(encode(bundle), chance)
    for _ in range(chance.randint(1, 4)):
        bundle = _changed(bundle, chance)
    return encode(bundle)


def repeated(valid: Sequence[Json], chance: random.Random, *counts: int) -> list[bytes]:
    """The same message with the same junk in the same array, each number of times."""
    bundle = chance.choice(valid)
    ways = list(_ways(bundle))
    way = chance.choice([way for way in ways if isinstance(at(bundle, way), list)] or ways)
    element = chance.choice([value(chance), copy.deepcopy(at(bundle, chance.choice(ways)))])
    texts = []
    for count in counts:
        many = copy.deepcopy(bundle)
        at(many, way[:-1])[way[-1]] = [element] * count
        texts.append(encode(many))
    return texts


def value(chance: random.Random, depth: int = 4) -> Any:
    """Any JSON."""
    match chance.randrange(6 if depth else 4):
        case 0:
            return chance.choice((None, True, False))
        case 1:
            return chance.choice(_NUMBERS)
        case 2 | 3:
            return chance.choice(_WORDS).encode(errors="replace").decode()
        case 4:
            return [value(chance, depth - 1) for _ in range(chance.randint(0, 4))]
        case _:
            return {chance.choice(_KEYS): value(chance, depth - 1) for _ in range(chance.randint(0, 5))}


def _changed(bundle: Any, chance: random.Random) -> Any:
    ways = list(_ways(bundle))
    if not ways:
        return value(chance)
    way = chance.choice(ways)
    holder, key = at(bundle, way[:-1]), way[-1]
    match chance.choice(("delete", "any", "any", "other", "text", "array", "twice", "rename", "deep")):
        case "delete":
            del holder[key]
        case "any":
            holder[key] = value(chance)
        case "other":
            holder[key] = copy.deepcopy(at(bundle, chance.choice(ways)))
        case "text":
            holder[key] = json.dumps(holder[key], default=str)
        case "array":
            holder[key] = [holder[key]]
        case "twice" if isinstance(holder, list) and isinstance(key, int):
            holder.insert(key, copy.deepcopy(holder[key]))
        case "deep":
            holder[key] = _deep(holder[key], chance)
        case _ if isinstance(holder, dict):
            holder[chance.choice(_KEYS)] = holder.pop(key)
    return bundle


def _deep(inner: Any, chance: random.Random) -> Any:
    for _ in range(chance.randint(1, 120)):
        inner = [inner] if chance.random() < 0.5 else {"extension": inner}
    return inner


def _bytes(raw: bytes, chance: random.Random) -> bytes:
    text = bytearray(raw)
    for _ in range(chance.randint(1, 5)):
        text[chance.randrange(len(text))] = chance.choice((chance.randrange(256), *b'{}[],:"\\0'))
    return bytes(text[: chance.randint(1, len(text))] if chance.random() < 0.2 else text)


def _ways(tree: Any, way: Way = ()) -> Iterator[Way]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, item in inner:
        yield (*way, step)
        yield from _ways(item, (*way, step))
