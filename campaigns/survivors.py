"""Which mutants may survive, and why? Reviewed one by one; what is not listed here is a defect."""

import re
from dataclasses import dataclass

from campaigns.mutant import Kind, Mutant


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Mutants of one kind at the elements the expression matches (`profile element`), all of it."""

    kind: Kind
    variant: str
    elements: str
    reason: str


# An entry explains a survivor; it does not make it count as caught.
REVIEWED: tuple[Reviewed, ...] = (
    Reviewed(
        Kind.MISSING,
        "removed",
        r"bundle Bundle\.meta",
        "the spec names no code for Bundle.meta; what is told is that its profile is missing (IC-00009)",
    ),
)


def reason(mutant: Mutant) -> str | None:
    where = f"{mutant.profile} {mutant.element}"
    for one in REVIEWED:
        if (one.kind, one.variant) == (mutant.kind, mutant.variant) and re.fullmatch(one.elements, where):
            return one.reason
    return None
