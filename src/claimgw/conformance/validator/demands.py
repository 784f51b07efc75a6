"""What do profiles demand of a value beyond its form, as far as the value itself decides?"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from claimgw.conformance.compiler.schema import Element, Holds, Limits
from claimgw.conformance.terminology import Answer, ValueSet, answer
from claimgw.conformance.validator.values import follows, same

Accepts: TypeAlias = Callable[[Any], bool]


def alone(element: Element) -> tuple[Holds, ...]:
    constraints = element.limits.constraints if element.limits is not None else ()
    return tuple(one.holds for one in constraints if one.alone)


def tests(limits: Limits) -> Iterator[Accepts]:
    """Number, binding, fixed value and pattern."""
    if limits.most == 0:
        yield lambda value: False
    if limits.binding is not None:
        yield _coded(limits.binding.value_set)
    if limits.fixed is not None:
        yield lambda value: same(value, limits.fixed)
    if limits.pattern is not None:
        yield lambda value: follows(value, limits.pattern)


def _coded(value_set: ValueSet) -> Accepts:
    members = value_set.members

    def accepts(value: Any) -> bool:
        if type(value) is dict and "coding" in value:
            if len(value["coding"]) > 1:
                return False  # perhaps two of the list (BV-00527)
            for coding in value["coding"]:
                if (coding.get("system"), coding.get("code")) in members:
                    return True
        told = answer(value_set, value)
        return told is Answer.YES or told is Answer.UNKNOWN

    return accepts
