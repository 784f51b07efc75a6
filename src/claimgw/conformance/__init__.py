"""Is a message valid? Findings, from definitions and rules; pure."""

from claimgw.conformance.check import check
from claimgw.conformance.severity import Direction, direction_of

__all__ = ["Direction", "check", "direction_of"]
