"""How are true, false and unknown put together? Asked only whether it is true, most need no third value."""

from abc import abstractmethod

from claimgw.conformance.fhirpath.plan.base import Plan, Value
from claimgw.conformance.fhirpath.plan.writer import Writer
from claimgw.conformance.fhirpath.shapes import BOOLEAN


class Logical(Value):
    """A boolean. `single` is the expression of True, False or None."""

    types = frozenset({BOOLEAN})

    def is_true(self, w: Writer) -> str:
        """The expression of something that Python takes for true just where this is true."""
        return self.single(w)

    def is_false(self, w: Writer) -> str:
        """The same, where this is false; neither holds where it is unknown."""
        return f"({self.single(w)} is False)"


class Definite(Logical):
    """A boolean that is never unknown."""

    @abstractmethod
    def is_true(self, w: Writer) -> str: ...

    def is_false(self, w: Writer) -> str:
        return f"(not {self.is_true(w)})"

    def single(self, w: Writer) -> str:
        return self.is_true(w)


class Always(Definite):
    """What is settled before any message is seen."""

    def __init__(self, value: bool) -> None:
        self._value = value

    def is_true(self, w: Writer) -> str:
        return repr(self._value)


class Verdict(Logical):
    """Any other plan where a boolean is due: no item is unknown, one that is no boolean is true."""

    def __init__(self, inner: Plan) -> None:
        self._inner = inner

    def single(self, w: Writer) -> str:
        single = self._inner.single(w)
        return f"_verdict_of_item({single})" if self._inner.tagged else f"_verdict({single})"

    def is_true(self, w: Writer) -> str:
        if self._inner.types == {"boolean"} and not self._inner.tagged:
            return f"({self._inner.single(w)} is True)"
        return self.single(w)


def logical(plan: Plan) -> Logical:
    return plan if isinstance(plan, Logical) else Verdict(plan)


class Not(Logical):
    """`not()`"""

    def __init__(self, inner: Logical) -> None:
        self._inner = inner

    def single(self, w: Writer) -> str:
        return f"_opposite({self._inner.single(w)})"

    def is_true(self, w: Writer) -> str:
        return self._inner.is_false(w)

    def is_false(self, w: Writer) -> str:
        return self._inner.is_true(w)


class _Two(Logical):
    function = ""

    def __init__(self, left: Logical, right: Logical) -> None:
        self._left = left
        self._right = right

    def single(self, w: Writer) -> str:
        return f"{self.function}({self._left.single(w)}, {self._right.single(w)})"


class And(_Two):
    """`and`"""

    function = "_both"

    def is_true(self, w: Writer) -> str:
        return f"({self._left.is_true(w)} and {self._right.is_true(w)})"

    def is_false(self, w: Writer) -> str:
        return f"({self._left.is_false(w)} or {self._right.is_false(w)})"


class Or(_Two):
    """`or`"""

    function = "_either"

    def is_true(self, w: Writer) -> str:
        return f"({self._left.is_true(w)} or {self._right.is_true(w)})"

    def is_false(self, w: Writer) -> str:
        return f"({self._left.is_false(w)} and {self._right.is_false(w)})"


class Xor(_Two):
    """`xor`"""

    function = "_one_of"


def implies(left: Logical, right: Logical) -> Logical:
    """`implies`: the same in every case of three values."""
    return Or(Not(left), right)
