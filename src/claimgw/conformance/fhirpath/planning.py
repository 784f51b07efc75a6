"""What does each part of an expression become, given the types of what it stands on? The tree made a plan."""

from typing import Final

from claimgw.conformance.fhirpath import shapes
from claimgw.conformance.fhirpath.faults import CannotCompile
from claimgw.conformance.fhirpath.functions import FUNCTIONS, REFUSED
from claimgw.conformance.fhirpath.functions.filtering import joined
from claimgw.conformance.fhirpath.functions.site import Site, Surroundings, type_named
from claimgw.conformance.fhirpath.plan.base import Plan
from claimgw.conformance.fhirpath.plan.calculations import AskedOfOne, Compared, OfOne
from claimgw.conformance.fhirpath.plan.leaves import Bound, Constant, Nothing, OfScope, Root
from claimgw.conformance.fhirpath.plan.logic import And, Not, Or, Xor, implies, logical
from claimgw.conformance.fhirpath.plan.loops import Cut
from claimgw.conformance.fhirpath.plan.membership import Holds
from claimgw.conformance.fhirpath.plan.paths import member, of_type
from claimgw.conformance.fhirpath.plan.questions import IsType, equal
from claimgw.conformance.fhirpath.shapes import INTEGER, NUMBERS, RESOURCE, STRING, SYSTEM
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

_ADDRESSES: Final = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}
_PREFIXES: Final = {
    "vs-": "http://hl7.org/fhir/ValueSet/",
    "ext-": "http://hl7.org/fhir/StructureDefinition/",
}
_LOGIC = {"and": And, "or": Or, "xor": Xor, "implies": implies}
_ORDER = {"<": "_less", "<=": "_at_most", ">": "_more", ">=": "_at_least"}
_REMAINS = frozenset(SYSTEM)
_ARITHMETIC = {
    "+": ("_plus", _REMAINS),
    "-": ("_minus", _REMAINS),
    "*": ("_times", _REMAINS),
    "/": ("_divided", _REMAINS),
    "div": ("_quotient", frozenset({INTEGER})),
    "mod": ("_remainder", NUMBERS),
    "&": ("_joined", frozenset({STRING})),
}


class Planner:
    """Plans one expression on a context of one type, inside a resource of one type or of any."""

    def __init__(self, expression: str, context_type: str, resource_type: str) -> None:
        self._expression = expression
        self._root = Root(context_type)
        self._resource_type = resource_type

    def whole(self, node: Node) -> Plan:
        return self.plan(node, Surroundings(self._root))

    def fault(self, at: int, reason: str) -> CannotCompile:
        return CannotCompile(self._expression, at, reason)

    def plan(self, node: Node, around: Surroundings) -> Plan:
        match node:
            case Literal():
                return Nothing() if node.value is None else Constant(node.value)
            case Member():
                return self._member(node, around)
            case Call():
                return self._call(node, around)
            case Special():
                return self._special(node, around)
            case Variable():
                return self._variable(node)
            case Indexed():
                index = self.plan(node.index, around)
                return Cut(self.plan(node.focus, around), "_at", (index,), many=False)
            case Negated():
                return OfOne("_negated", (self.plan(node.operand, around),), _REMAINS)
            case TypeTest():
                return self._type_test(node, around)
            case Binary():
                return self._binary(node, around)

    def _member(self, node: Member, around: Surroundings) -> Plan:
        if node.focus is None and self._names_type(node.name, around.this):
            return around.this
        focus = self.plan(node.focus, around) if node.focus is not None else around.this
        found = member(focus, node.name)
        if found is None:
            raise self.fault(node.at, _unknown(focus, node.name))
        return found

    def _names_type(self, name: str, this: Plan) -> bool:
        """`Patient.name` on a Patient: the first name may be that of the type."""
        if not name[:1].isupper() or len(this.types) != 1:
            return False
        (type_,) = this.types
        return shapes.conforms(type_, name) and not shapes.routes(type_, name)

    def _call(self, node: Call, around: Surroundings) -> Plan:
        function = FUNCTIONS.get(node.name)
        if function is None:
            reason = REFUSED.get(node.name, f"There is no function {node.name}()")
            raise self.fault(node.at, reason)
        if not function.least <= len(node.arguments) <= function.most:
            raise self.fault(node.at, f"{node.name}() is given {len(node.arguments)} arguments")
        focus = self.plan(node.focus, around) if node.focus is not None else around.this
        return function.build(Site(node, focus, around, self.plan, self.fault))

    def _special(self, node: Special, around: Surroundings) -> Plan:
        if node.name == "this":
            return around.this
        found: Bound | None = around.index if node.name == "index" else around.total
        if found is None:
            raise self.fault(node.at, f"${node.name} stands outside of what binds it")
        found.used = True
        return found

    def _variable(self, node: Variable) -> Plan:
        name = node.name
        if name == "context":
            return self._root
        if name == "resource":
            return OfScope("resource", self._resource_type)
        if name == "rootResource":
            return OfScope("root", RESOURCE)
        if name in _ADDRESSES:
            return Constant(_ADDRESSES[name])
        for prefix, address in _PREFIXES.items():
            if name.startswith(prefix):
                return Constant(address + name.removeprefix(prefix))
        raise self.fault(node.at, f"There is no variable %{name}")

    def _type_test(self, node: TypeTest, around: Surroundings) -> Plan:
        type_ = type_named(node.type)
        if type_ is None:
            raise self.fault(node.at, f"There is no type {node.type}")
        operand = self.plan(node.operand, around)
        return IsType(operand, type_) if node.operator == "is" else of_type(operand, type_)

    def _binary(self, node: Binary, around: Surroundings) -> Plan:
        left, right = self.plan(node.left, around), self.plan(node.right, around)
        operator = node.operator
        match operator:
            case "and" | "or" | "xor" | "implies":
                return _LOGIC[operator](logical(left), logical(right))
            case "=":
                return equal(left, right)
            case "!=":
                return Not(equal(left, right))
            case "~" | "!~":
                equivalent = Compared("_equivalents", left, right)
                return equivalent if operator == "~" else Not(equivalent)
            case "in" | "contains":
                return Holds(left, right) if operator == "contains" else Holds(right, left)
            case "|":
                return joined("_union", left, right)
            case _ if operator in _ORDER:
                return AskedOfOne(_ORDER[operator], (left, right))
            case _:
                function, types = _ARITHMETIC[operator]
                numbers = types == _REMAINS and _numeric(left) and _numeric(right)
                return OfOne(function, (left, right), NUMBERS if numbers else types)


def _numeric(plan: Plan) -> bool:
    return bool(plan.types) and all(
        one in NUMBERS or (one in shapes.PRIMITIVES and shapes.form(one) in ("int", "number"))
        for one in plan.types
    )


def _unknown(focus: Plan, name: str) -> str:
    types = " or ".join(sorted(focus.types)[:3])
    for type_ in focus.types:
        for route in shapes.all_routes(type_):
            if route.key == name:
                return f"{types} has no element {name}; FHIRPath names a choice without the type"
    return f"{types} has no element {name}"
