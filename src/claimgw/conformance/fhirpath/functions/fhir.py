"""Which functions has FHIR added? Extensions, references, value sets, bare values."""

from claimgw.conformance.fhirpath import shapes
from claimgw.conformance.fhirpath.functions.site import Function, Site
from claimgw.conformance.fhirpath.plan.base import Plan
from claimgw.conformance.fhirpath.plan.calculations import AboutItem, AskedOfOne, Coded
from claimgw.conformance.fhirpath.plan.leaves import Nothing
from claimgw.conformance.fhirpath.plan.logic import Always, Logical
from claimgw.conformance.fhirpath.plan.loops import Loop, Where
from claimgw.conformance.fhirpath.plan.paths import Resolved, member
from claimgw.conformance.fhirpath.plan.questions import equal
from claimgw.conformance.fhirpath.plan.writer import Writer
from claimgw.conformance.fhirpath.shapes import MOMENTS, PRIMITIVES, SYSTEM


def _extension(site: Site) -> Plan:
    extensions = member(site.focus, "extension")
    if extensions is None:
        return Nothing()
    loop = Loop(extensions)
    url = member(loop.this, "url")
    assert url is not None
    return Where(loop, equal(url, site.argument(0)))


class _HasValue(AboutItem, Logical):
    """`hasValue()`: there is one item, a primitive, and it has a value beside its id and extensions."""

    def __init__(self, focus: Plan) -> None:
        super().__init__("_has_value", focus, Logical.types)

    def single(self, w: Writer) -> str:
        # Of no item at all it is false, not empty.
        return f"({super().single(w)} is True)"


def _has_value(site: Site) -> Plan:
    return _HasValue(site.focus) if site.focus.types else Always(False)


def _get_value(site: Site) -> Plan:
    return AboutItem("_value_of", site.focus, _calculated(site.focus)) if site.focus.types else Nothing()


def _calculated(focus: Plan) -> frozenset[str]:
    known = focus.types <= PRIMITIVES and not focus.types & MOMENTS
    return focus.types if known and shapes.told(focus.types) else SYSTEM


FHIR = {
    "extension": Function(1, 1, _extension),
    "hasValue": Function(0, 0, _has_value),
    "getValue": Function(0, 0, _get_value),
    "resolve": Function(0, 0, lambda site: Resolved(site.focus)),
    "memberOf": Function(1, 1, lambda site: Coded(site.focus, site.argument(0))),
    "htmlChecks": Function(0, 0, lambda site: AskedOfOne("_xhtml", (site.focus,))),
}
