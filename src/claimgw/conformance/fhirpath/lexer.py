"""Which words is an expression written in? One pass; a mark that FHIRPath does not have is refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from claimgw.conformance.fhirpath.faults import CannotCompile


class Kind(StrEnum):
    """The kinds of word."""

    NAME = "name"
    QUOTED = "quoted name"  # `name` between backticks: never a keyword
    TEXT = "string"
    NUMBER = "number"
    MOMENT = "date or time"
    VARIABLE = "variable"
    SPECIAL = "special"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is what is meant: quotes, escapes and the signs `%`, `$`, `@` are gone."""

    kind: Kind
    text: str
    at: int


_WORDS = re.compile(
    r"""
      (?P<blank>\s+ | //[^\n]* | /\*.*?\*/)
    | (?P<moment>@T[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?
        | @[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?
          (?:T(?:[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?)
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | %(?P<variable>[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<quoted_variable>%'(?:[^'\\]|\\.)*' | %`(?:[^`\\]|\\.)*`)
    | \$(?P<special>[a-z]+)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<quoted>`(?:[^`\\]|\\.)*`)
    | (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<sign><=|>=|!=|!~|[-+*/|&<>=~.,()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"} | {sign: sign for sign in "'\"`\\/"}


def tokens(expression: str) -> Iterator[Token]:
    """The words in order, and one END. Raises CannotCompile."""
    at = 0
    while at < len(expression):
        found = _WORDS.match(expression, at)
        if found is None:
            raise CannotCompile(expression, at, f"Nothing in FHIRPath starts with {expression[at]!r}")
        if found.lastgroup != "blank":
            yield _token(expression, found)
        at = found.end()
    yield Token(Kind.END, "", at)


def _token(expression: str, found: re.Match[str]) -> Token:
    group = found.lastgroup or ""
    text, at = found[group], found.start()
    match group:
        case "text":
            return Token(Kind.TEXT, _unescaped(expression, text[1:-1], at + 1), at)
        case "quoted":
            return Token(Kind.QUOTED, _unescaped(expression, text[1:-1], at + 1), at)
        case "quoted_variable":
            return Token(Kind.VARIABLE, _unescaped(expression, text[2:-1], at + 2), at)
        case "moment":
            return Token(Kind.MOMENT, text[1:], at)
        case _:
            return Token(Kind(group), text, at)


def _unescaped(expression: str, text: str, at: int) -> str:
    def meant(found: re.Match[str]) -> str:
        escape = found[1]
        if len(escape) == 5:
            return chr(int(escape[1:], 16))
        if escape not in _ESCAPES:
            raise CannotCompile(expression, at + found.start(), f"FHIRPath has no escape \\{escape}")
        return _ESCAPES[escape]

    return _ESCAPE.sub(meant, text) if "\\" in text else text
