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

from claimgw.conformance import invariants, rules
from claimgw.messages import decode, envelope

_CODE = re.compile(r"[A-Z]{2}-[0-9]{5}")
_DECLARED = re.compile(r"((?:[A-Z]{2}-[0-9]{5}(?:, | … )?)+): (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Program:
    """Where a code is given: the module below `claimgw`, and what its function says it asks; "": a table."""

    module: str
    text: str


@cache
def programs() -> Mapping[str, Program]:
    """By code."""
    found: dict[str, Program] = {}
    for module in _modules():
        name = module.__name__.removeprefix("claimgw.")
        for value in vars(module).values():
            if inspect.isfunction(value) and value.__module__ == module.__name__:
                text = _text(inspect.getdoc(value) or "")
                for code in _constants(value.__code__):
                    if not (code in found and found[code].text):
                        found[code] = Program(name, text)
            elif not inspect.ismodule(value) and not callable(value):
                for code in _values(value):
                    found.setdefault(code, Program(name, ""))
    return found


def _modules() -> Iterator[ModuleType]:
    yield from (decode, envelope, invariants)
    for part in pkgutil.iter_modules(rules.__path__, rules.__name__ + "."):
        yield importlib.import_module(part.name)


def _text(doc: str) -> str:
    declared = _DECLARED.match(doc)
    if declared is None:
        return ""
    first = declared[2].split("\n\n")[0].replace("\n", " ").removesuffix(".")
    return first[:1].upper() + first[1:] + "."


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
