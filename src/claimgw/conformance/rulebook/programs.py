"""Which codes do the rules in Python give, and which function gives each?

Read from the compiled functions: a rule names its code as a constant, and a code that no function and no
table holds cannot be given. What it asks stands in its docstring behind the codes: `BV-00207: …`.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import CodeType, ModuleType

from claimgw.conformance import history, invariants, rules
from claimgw.conformance.validator import values
from claimgw.messages import decode, envelope

_CODE = re.compile(r"[A-Z]{2}-[0-9]{5}")
_DECLARED = re.compile(r"((?:[A-Z]{2}-[0-9]{5}(?:, | … )?)+): (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Program:
    """Where a code is given: the module below `claimgw`, and what the function says it asks; it need not."""

    module: str
    text: str


@cache
def programs() -> Mapping[str, Program]:
    """By code."""
    given: dict[str, str] = {}
    texts: dict[str, str] = {}
    for module in _modules():
        name = module.__name__.removeprefix("claimgw.")
        for value in vars(module).values():
            if inspect.isfunction(value) and value.__module__ == module.__name__:
                given.update(dict.fromkeys(_constants(value.__code__), name))
                texts |= _declared(inspect.getdoc(value) or "")
            elif not inspect.ismodule(value) and not callable(value):
                for code in _values(value):
                    given.setdefault(code, name)
    return {code: Program(name, texts.get(code, "")) for code, name in given.items()}


def _modules() -> Iterator[ModuleType]:
    yield from (decode, envelope, invariants, values)
    # A code that both give is of the message itself: what is read last stays.
    for package in (history, rules):
        for part in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            yield importlib.import_module(part.name)


def _declared(doc: str) -> dict[str, str]:
    """The codes a docstring begins with, and what it says of them."""
    match = _DECLARED.match(doc)
    if match is None:
        return {}
    first = match[2].split("\n\n")[0].replace("\n", " ").removesuffix(".")
    table = match[1].replace(" … ", "-").replace(", ", " ")
    return dict.fromkeys(_in_full(table), first[:1].upper() + first[1:] + ".")


def _in_full(table: str) -> Iterator[str]:
    """`IC-00294-IC-00296 IC-00398` in single codes."""
    for word in table.split():
        family, first, *rest = word.split("-")
        last = rest[-1] if rest else first
        yield from (f"{family}-{number:05d}" for number in range(int(first), int(last) + 1))


def _constants(compiled: CodeType) -> Iterator[str]:
    for value in compiled.co_consts:
        if isinstance(value, CodeType):
            yield from _constants(value)
        else:
            yield from _values(value)


def _values(value: object) -> Iterator[str]:
    """The codes in a constant or a table of any depth."""
    if isinstance(value, str):
        if _CODE.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _values(key)
            yield from _values(inner)
    elif isinstance(value, tuple | list | set | frozenset):
        for inner in value:
            yield from _values(inner)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _values(getattr(value, one.name))
