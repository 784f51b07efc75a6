"""Is a value one of a collection?"""

from claimgw.conformance.fhirpath.plan.base import Plan, as_system, calculable, gathered, one_system
from claimgw.conformance.fhirpath.plan.logic import Logical
from claimgw.conformance.fhirpath.plan.writer import Writer


class Holds(Logical):
    """`collection contains value`, and `value in collection`."""

    def __init__(self, collection: Plan, value: Plan) -> None:
        self._collection = calculable(collection)
        self._value = calculable(value)

    def single(self, w: Writer) -> str:
        return f"_holds({gathered(w, self._collection, as_system)}, {one_system(w, self._value)})"
