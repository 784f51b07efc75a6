"""Is MessageHeader.response there on the way back, and only there (spec §2.2)?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case
from claimgw.messages.events import Leg
from claimgw.messages.findings import Finding

_PLACE = "bundle.entry[0].resource.response"


def presence(case: Case) -> Iterator[Finding]:
    """BV-00247, BV-00248, BV-00644: a deferrable answer may go either way: it may answer a push of ours."""
    known = case.envelope.event
    if known is None:
        return
    given = "response" in case.envelope.header
    if known.leg is Leg.RESPONSE:
        if not given and not known.deferrable:
            yield Finding(
                "BV-00247",
                _PLACE,
                "The answer does not say what it answers",
                "Add response with identifier and code",
            )
    elif given and known.code == "advanced-authorization":
        yield Finding("BV-00644", _PLACE, "An advanced authorization answers nothing", "Leave response out")
    elif given:
        yield Finding(
            "BV-00248", _PLACE, "A message that answers nothing has a response", "Leave response out"
        )
