"""Which rules cannot be told from one message and its time of receipt, and why not?"""

from collections.abc import Mapping

from claimgw.conformance.definitions import Definitions
from claimgw.conformance.rulebook.catalogue import Scope, listed
from claimgw.conformance.rulebook.placements import placements
from claimgw.conformance.terminology import Terminology

BEYOND: Mapping[Scope, str] = {
    Scope.HISTORY: "needs what came before: known claims, cancelled ones, used identifiers",
    Scope.REGISTRY: "needs a registry of who is licensed, connected and insured",
}


def undecidable(definitions: Definitions, terminology: Terminology) -> Mapping[str, str]:
    """Code to the reason: history, registry, or a value set of which not all codes are known."""
    found = {
        code: f"value set {place.value_set} is not wholly known"
        for code, places in placements(definitions, terminology).items()
        for place in places
        if not place.whole
    }
    return found | {
        code: BEYOND[one.scope]
        for code, one in listed().items()
        if one.scope is not None and one.scope in BEYOND
    }
