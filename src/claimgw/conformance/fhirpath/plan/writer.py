"""How does Python source come about? Lines of a function; functions and constants of an expression.

Nothing from an expression gets into the source as text but the names of elements that the base tree has:
literals, addresses and patterns are constants beside it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# `s` is the scope, `x` the node the expression is evaluated on, `v…` what functions and loops have bound.
_VARIABLE = re.compile(r"\b(?:s|x|v[0-9]+)\b")


class Module:
    """Everything written for one expression."""

    def __init__(self, runtime: dict[str, Callable[..., Any]]) -> None:
        self._names: dict[str, Any] = {"__builtins__": {"type": type, "len": len}, **runtime}
        self._names |= {"dict": dict, "list": list, "str": str, "int": int, "bool": bool}
        self._source: list[str] = []
        self._count = 0

    def fresh(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def constant(self, value: Any) -> str:
        name = self.fresh("k")
        self._names[name] = value
        return name

    def add(self, parameters: list[str], body: "Writer") -> str:
        """Define a function of those lines; its name."""
        name = self.fresh("f")
        self._source += [f"def {name}({', '.join(parameters)}):", *(body.lines or [" pass"])]
        return name

    def source(self) -> str:
        return "\n".join(self._source)

    def functions(self, names: list[str]) -> list[Callable[..., Any]]:
        exec(compile(self.source(), "<FHIRPath>", "exec"), self._names)  # noqa: S102 - lines written here only
        return [self._names[name] for name in names]


class Writer:
    """One function in the making."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self.lines: list[str] = []
        self._indent = 1
        self._own: set[str] = set()

    def line(self, text: str) -> None:
        self.lines.append(" " * self._indent + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.line(head)
        self._indent += 1
        yield
        self._indent -= 1

    def fresh(self) -> str:
        name = self._module.fresh("v")
        self._own.add(name)
        return name

    def let(self, expression: str) -> str:
        name = self.fresh()
        self.line(f"{name} = {expression}")
        return name

    def constant(self, value: Any) -> str:
        return self._module.constant(value)

    def call(self, build: Callable[["Writer"], None]) -> str:
        """The call of a new function, whose lines `build` writes; what it needs becomes its parameters."""
        inner = Writer(self._module)
        build(inner)
        used = {name for line in inner.lines for name in _VARIABLE.findall(line)}
        parameters = sorted(used - inner._own)
        return f"{self._module.add(parameters, inner)}({', '.join(parameters)})"
