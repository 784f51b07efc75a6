"""Does a node of a message keep a constraint of its profile? FHIRPath, compiled to Python once.

`compile_expression` when a definition is loaded; `Compiled.holds` and `Compiled.evaluate` for each message.
"""

from claimgw.conformance.fhirpath.compile import Compiled, compile_expression
from claimgw.conformance.fhirpath.faults import CannotCompile
from claimgw.conformance.fhirpath.scope import Scope

__all__ = ["CannotCompile", "Compiled", "Scope", "compile_expression"]
