"""Which functions ask whether something is there, is so for all, or how much there is?"""

from claimgw.conformance.fhirpath.functions.site import Function, Site
from claimgw.conformance.fhirpath.plan.base import Plan
from claimgw.conformance.fhirpath.plan.calculations import AskedOfAll, Compared, OfAll
from claimgw.conformance.fhirpath.plan.logic import Not, logical
from claimgw.conformance.fhirpath.plan.loops import Counted, Cut, Loop, Where
from claimgw.conformance.fhirpath.plan.questions import All, Exists
from claimgw.conformance.fhirpath.shapes import SYSTEM


def _exists(site: Site) -> Plan:
    if not site.call.arguments:
        return Exists(site.focus)
    loop = Loop(site.focus)
    return Exists(Where(loop, site.criteria(loop)))


def _all(site: Site) -> Plan:
    loop = Loop(site.focus)
    return All(loop, site.criteria(loop))


def _asked(function: str) -> Function:
    return Function(0, 0, lambda site: AskedOfAll(function, site.focus))


def _total(function: str) -> Function:
    return Function(0, 0, lambda site: OfAll(function, site.focus, (), SYSTEM))


EXISTENCE = {
    "empty": Function(0, 0, lambda site: Not(Exists(site.focus))),
    "exists": Function(0, 1, _exists),
    "all": Function(1, 1, _all),
    "not": Function(0, 0, lambda site: Not(logical(site.focus))),
    "count": Function(0, 0, lambda site: Counted(site.focus)),
    "distinct": Function(0, 0, lambda site: Cut(site.focus, "_distinct")),
    "isDistinct": _asked("_is_distinct"),
    "allTrue": _asked("_all_true"),
    "anyTrue": _asked("_any_true"),
    "allFalse": _asked("_all_false"),
    "anyFalse": _asked("_any_false"),
    "subsetOf": Function(1, 1, lambda site: Compared("_is_part", site.focus, site.argument(0))),
    "supersetOf": Function(1, 1, lambda site: Compared("_is_whole", site.focus, site.argument(0))),
    "sum": _total("_sum"),
    "min": _total("_least"),
    "max": _total("_most"),
    "avg": _total("_average"),
}
