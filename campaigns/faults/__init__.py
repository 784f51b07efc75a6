"""Which faults can be made at an element? Each module answers for some kinds."""

from collections.abc import Callable, Iterator

from campaigns.faults import cardinality, codes, extensions, forms, lengths, references
from campaigns.mutant import Fault
from campaigns.sites import Site
from campaigns.spec import Element, Spec

Maker = Callable[[Element, Site, Spec], Iterator[Fault | str]]

# Each yields faults, or the reason why a fault that could be expected here is none.
MAKERS: tuple[Maker, ...] = (
    cardinality.faults,
    codes.faults,
    forms.faults,
    lengths.faults,
    references.faults,
    extensions.faults,
)
