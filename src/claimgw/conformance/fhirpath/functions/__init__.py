"""Which functions can be compiled, and what does each become? One table a subject."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from claimgw.conformance.fhirpath.functions.existence import EXISTENCE
from claimgw.conformance.fhirpath.functions.fhir import FHIR
from claimgw.conformance.fhirpath.functions.filtering import FILTERING
from claimgw.conformance.fhirpath.functions.site import Function
from claimgw.conformance.fhirpath.functions.words import WORDS

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(EXISTENCE | FILTERING | WORDS | FHIR)
# Functions that FHIRPath or FHIR has, and why they are refused.
REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "conformsTo": "conformsTo() would start another validation; give the element a type profile",
        "checkModifiers": "checkModifiers() is not supported",
        "elementDefinition": "elementDefinition() needs the profile, which an expression is not given",
        "slice": "slice() needs the profile, which an expression is not given",
        "type": "type() is not supported; ask `is`",
        "subsumes": "subsumes() needs a terminology server",
        "subsumedBy": "subsumedBy() needs a terminology server",
    }
)
