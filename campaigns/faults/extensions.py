"""How is an extension made wrong?"""

import copy
from collections.abc import Iterator

from campaigns.mutant import GONE, Fault, Kind, families, of_rule
from campaigns.sites import Site, at
from campaigns.spec import Element, Spec

_IC = families("IC")
_VALUE = families("DT", "IC", "GE", "FR")


def faults(element: Element, site: Site, spec: Spec) -> Iterator[Fault | str]:
    """Dropped where required, doubled where allowed once, with a value of another type."""
    if not element.extension or not site.values:
        return
    way = site.values[-1]
    codes = element.code("cardinality")
    if element.least:
        array = (*site.parent, "extension")
        edits = tuple((one, GONE) for one in reversed(site.values))
        right = _IC | of_rule(element)
        yield Fault(Kind.DROPPED, "dropped", element.path, array, array, edits, right, codes, (site.parent,))
    if element.most == 1:
        array = way[:-1]
        second = (*array, len(at(site.bundle, array)))
        value = copy.deepcopy(at(site.bundle, way))
        yield Fault(
            Kind.DOUBLED, "doubled", element.path, array, second, ((second, value),), _IC, codes, (way,)
        )
    key = next((key for key in at(site.bundle, way) if key.startswith("value")), None)
    if element.value_type is None or key is None:
        yield "the extension has no value"
        return
    other, value = ("valueInteger", 7) if element.value_type != "integer" else ("valueBoolean", True)
    yield Fault(
        Kind.VALUE,
        "another type",
        element.path,
        way,
        (*way, "value"),
        (((*way, key), GONE), ((*way, other), value)),
        _VALUE,
        element.code("type"),
    )
