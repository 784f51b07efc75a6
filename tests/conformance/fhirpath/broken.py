"""How is a resource broken by chance, one fault at a time?"""

import copy
import random
from collections.abc import Iterator
from typing import Any


def broken(resource: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A copy with one element gone, given twice, given the value of another, or off by one."""
    copied = copy.deepcopy(resource)
    ways = [way for way in _ways(copied) if way != ("resourceType",)]
    if not ways:
        return copied
    way, other = chance.choice(ways), _at(copied, chance.choice(ways))
    holder, step = _at(copied, way[:-1]), way[-1]
    value = holder[step]
    match chance.randrange(4):
        case 0:
            del holder[step]
        case 1 if type(other) is type(value) and not isinstance(value, dict | list):
            holder[step] = other
        case 2 if isinstance(holder, list):
            holder.append(copy.deepcopy(value))
        case 3 if isinstance(value, int) and not isinstance(value, bool):
            holder[step] = value + 1
    return copied


def _ways(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inner:
        yield (*way, step)
        yield from _ways(item, (*way, step))


def _at(value: Any, way: tuple[Any, ...]) -> Any:
    for step in way:
        value = value[step]
    return value
