"""How do the words of an expression hang together? A Pratt parser: one loop, one table of precedence."""

from decimal import Decimal

from claimgw.conformance.fhirpath.faults import CannotCompile
from claimgw.conformance.fhirpath.lexer import Kind, Token, tokens
from claimgw.conformance.fhirpath.tree import (
    Binary,
    Call,
    Indexed,
    Literal,
    Member,
    Negated,
    Node,
    Special,
    TypeTest,
    Variable,
)
from claimgw.conformance.fhirpath.values.moments import parse as moment
from claimgw.conformance.fhirpath.values.quantities import CALENDAR, Measure

# From the grammar of FHIRPath N1; the higher binds the tighter, all to the left.
_PRECEDENCE = {
    "implies": 1,
    "or": 2,
    "xor": 2,
    "and": 3,
    "in": 4,
    "contains": 4,
    "=": 5,
    "~": 5,
    "!=": 5,
    "!~": 5,
    "<": 6,
    ">": 6,
    "<=": 6,
    ">=": 6,
    "|": 7,
    "is": 8,
    "as": 8,
    "+": 9,
    "-": 9,
    "&": 9,
    "*": 10,
    "/": 10,
    "div": 10,
    "mod": 10,
}
_SIGNED = 11
# Words that are operators between two operands, and names anywhere else where FHIRPath allows it.
_NAMES_TOO = frozenset({"as", "contains", "in", "is"})
_RESERVED = frozenset({"and", "div", "implies", "mod", "or", "xor"})
_LONGEST = 20_000
# Higher than the tree of any expression a person wrote; keeps what walks the tree off the end of the stack.
_HIGHEST = 64


def parse(expression: str) -> Node:
    """The tree of an expression. Raises CannotCompile with the place of what is wrong."""
    if len(expression) > _LONGEST:
        raise CannotCompile(expression[:80], 0, f"The expression is longer than {_LONGEST} characters")
    reader = _Reader(expression)
    node = reader.expression(0)
    if reader.next.kind is not Kind.END:
        raise reader.fault("An operator is missing before this")
    return node


class _Reader:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = list(tokens(expression))
        self._place = 0
        self._height = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._place]

    def fault(self, reason: str) -> CannotCompile:
        return CannotCompile(self._expression, self.next.at, reason)

    def _take(self) -> Token:
        token = self.next
        self._place += token.kind is not Kind.END
        return token

    def _sign(self, sign: str) -> bool:
        if self.next.kind is not Kind.SIGN or self.next.text != sign:
            return False
        self._place += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._sign(sign):
            raise self.fault(f"Here should stand {sign!r}")

    def expression(self, least: int) -> Node:
        height = self._height
        self._climb()
        node = self._signed()
        while (binds := self._operator()) > least:
            self._climb()
            node = self._operation(node, binds)
        self._height = height
        return node

    def _climb(self) -> None:
        self._height += 1
        if self._height > _HIGHEST:
            raise self.fault(f"More than {_HIGHEST} steps and operators hang on one another")

    def _operator(self) -> int:
        token = self.next
        return _PRECEDENCE.get(token.text, 0) if token.kind in (Kind.SIGN, Kind.NAME) else 0

    def _operation(self, left: Node, binds: int) -> Node:
        token = self._take()
        if token.text in ("is", "as"):
            return TypeTest(token.text, left, self._type(), token.at)
        return Binary(token.text, left, self.expression(binds), token.at)

    def _type(self) -> str:
        names = [self._name()]
        while self._sign("."):
            names.append(self._name())
        return ".".join(names)

    def _name(self) -> str:
        token = self.next
        if token.kind is Kind.QUOTED or (token.kind is Kind.NAME and token.text not in _RESERVED):
            return self._take().text
        raise self.fault("Here should stand a name")

    def _signed(self) -> Node:
        at = self.next.at
        if self._sign("-"):
            return Negated(self.expression(_SIGNED), at)
        if self._sign("+"):
            return self.expression(_SIGNED)
        return self._steps(self._term())

    def _steps(self, node: Node) -> Node:
        while True:
            at = self.next.at
            self._climb()
            if self._sign("."):
                node = self._invocation(node)
            elif self._sign("["):
                node = Indexed(node, self.expression(0), at)
                self._expect("]")
            else:
                return node

    def _invocation(self, focus: Node | None) -> Node:
        if self.next.kind is Kind.SPECIAL:
            raise self.fault("A variable cannot follow a point")
        at = self.next.at
        # `text.div` is written without backticks now and then, and can mean but one thing.
        name = self._name() if focus is None or self.next.kind is not Kind.NAME else self._take().text
        if not self._sign("("):
            return Member(focus, name, at)
        arguments: list[Node] = []
        if not self._sign(")"):
            arguments.append(self.expression(0))
            while self._sign(","):
                arguments.append(self.expression(0))
            self._expect(")")
        return Call(focus, name, tuple(arguments), at)

    def _term(self) -> Node:
        token = self.next
        match token.kind:
            case Kind.TEXT:
                return Literal(self._take().text, token.at)
            case Kind.NUMBER:
                return self._number()
            case Kind.MOMENT:
                return self._moment()
            case Kind.VARIABLE:
                return Variable(self._take().text, token.at)
            case Kind.SPECIAL:
                return self._special()
            case Kind.SIGN:
                return self._bracket()
            case Kind.NAME | Kind.QUOTED:
                return self._word()
            case Kind.END:
                raise self.fault("The expression ends too early")

    def _word(self) -> Node:
        token = self.next
        if token.kind is Kind.NAME and token.text in ("true", "false"):
            self._place += 1
            return Literal(token.text == "true", token.at)
        if token.kind is Kind.NAME and token.text in _PRECEDENCE and token.text not in _NAMES_TOO:
            raise self.fault("An operand is missing before this")
        return self._invocation(None)

    def _special(self) -> Node:
        token = self.next
        if token.text not in ("this", "index", "total"):
            raise self.fault(f"FHIRPath has no ${token.text}")
        self._place += 1
        return Special(token.text, token.at)

    def _bracket(self) -> Node:
        at = self.next.at
        if self._sign("("):
            node = self.expression(0)
            self._expect(")")
            return node
        if self._sign("{"):
            self._expect("}")
            return Literal(None, at)
        raise self.fault("Here should stand an operand")

    def _moment(self) -> Node:
        token = self.next
        value = moment(token.text)
        if value is None:
            raise self.fault("There is no such date or time")
        self._place += 1
        return Literal(value, token.at)

    def _number(self) -> Node:
        token = self._take()
        number = Decimal(token.text) if "." in token.text else int(token.text)
        unit = self.next
        if unit.kind is Kind.TEXT:
            return Literal(Measure(number, self._take().text), token.at)
        if unit.kind is Kind.NAME and unit.text in CALENDAR:
            return Literal(Measure(number, CALENDAR[self._take().text]), token.at)
        return Literal(number, token.at)
