"""Is a message valid? Findings, from definitions and rules; pure."""

from claimgw.conformance.check import check
from claimgw.conformance.severity import Direction, direction_of
from claimgw.conformance.validation import Validator, Verdict

__all__ = ["Direction", "Validator", "Verdict", "check", "direction_of"]
