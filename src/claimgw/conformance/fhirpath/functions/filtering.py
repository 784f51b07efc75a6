"""Which functions give some of the items, others made of them, or what two collections have together?"""

from claimgw.conformance.fhirpath.functions.site import Function, Site
from claimgw.conformance.fhirpath.plan.base import Plan
from claimgw.conformance.fhirpath.plan.leaves import Nothing, Total
from claimgw.conformance.fhirpath.plan.logic import logical
from claimgw.conformance.fhirpath.plan.loops import (
    Aggregate,
    Cut,
    Either,
    First,
    Joined,
    Loop,
    Repeat,
    Select,
    Where,
)
from claimgw.conformance.fhirpath.plan.paths import Search, of_type
from claimgw.conformance.fhirpath.plan.questions import IsType
from claimgw.conformance.fhirpath.shapes import SYSTEM, UNKNOWN


def _where(site: Site) -> Plan:
    loop = Loop(site.focus)
    return Where(loop, site.criteria(loop))


def _select(site: Site) -> Plan:
    loop = Loop(site.focus)
    return Select(loop, site.inside(loop))


def _repeat(site: Site) -> Plan:
    repeat = Repeat(site.focus)
    return repeat.with_projection(site.with_this(repeat.this, 0))


def _aggregate(site: Site) -> Plan:
    loop, total = Loop(site.focus), Total(SYSTEM)
    begin = site.argument(1) if len(site.call.arguments) > 1 else Nothing()
    return Aggregate(loop, total, site.inside(loop, total=total), begin)


def _iif(site: Site) -> Plan:
    # Without a focus of its own the arguments are those of the place it stands in; with one, `$this` is that.
    if site.call.focus is not None:
        loop = Loop(Cut(site.focus, "_only", many=False) if site.focus.many else site.focus)
        return Select(loop, _ways(site, loop.this))
    return _ways(site, site.around.this)


def _ways(site: Site, this: Plan) -> Plan:
    ways = [site.with_this(this, place) for place in range(len(site.call.arguments))]
    return Either(logical(ways[0]), ways[1], ways[2] if len(ways) > 2 else Nothing())


def _cut(function: str, arguments: int = 0, *, many: bool = True) -> Function:
    return Function(arguments, arguments, lambda site: Cut(site.focus, function, site.arguments(), many=many))


def _joined(function: str) -> Function:
    return Function(1, 1, lambda site: joined(function, site.focus, site.argument(0)))


def joined(function: str, left: Plan, right: Plan) -> Plan:
    keeps_left = function in ("_intersection", "_excluding")
    return Joined(left, right, function, left.types if keeps_left else left.types | right.types)


def _search(function: str) -> Function:
    return Function(0, 0, lambda site: Search(site.focus, function, None, frozenset({UNKNOWN})))


FILTERING = {
    "where": Function(1, 1, _where),
    "select": Function(1, 1, _select),
    "repeat": Function(1, 1, _repeat),
    "aggregate": Function(1, 2, _aggregate),
    "iif": Function(2, 3, _iif),
    "ofType": Function(1, 1, lambda site: of_type(site.focus, site.type(0))),
    "as": Function(1, 1, lambda site: of_type(site.focus, site.type(0))),
    "is": Function(1, 1, lambda site: IsType(site.focus, site.type(0))),
    "first": Function(0, 0, lambda site: First(site.focus)),
    "last": _cut("_last", many=False),
    "single": _cut("_only", many=False),
    "tail": _cut("_tail"),
    "skip": _cut("_skip", 1),
    "take": _cut("_take", 1),
    "union": _joined("_union"),
    "combine": _joined("_combined"),
    "intersect": _joined("_intersection"),
    "exclude": _joined("_excluding"),
    "children": _search("_children"),
    "descendants": _search("_descendants"),
    # Diagnostics would print what the message holds, which is a patient's.
    "trace": Function(1, 2, lambda site: site.focus),
}
