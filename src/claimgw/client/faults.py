"""What can keep a caller from an answer? Each fault says whether the same message may be sent again."""

from collections.abc import Sequence

from claimgw.errors import ClaimgwError
from claimgw.messages.findings import Finding


class ClientFault(ClaimgwError):
    """The root of what the SDK raises."""


class GatewayUnreachable(ClientFault):
    """No answer came, however often it was tried. The message may have arrived: send the same bytes again."""


class GatewayBusy(ClientFault):
    """The gateway asked to come again, often enough. `retry_after` is in seconds, if it said when."""

    def __init__(self, text: str, retry_after: float | None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class NotAnAnswer(ClientFault):
    """Something answered that speaks no FHIR: the address is wrong, or a proxy stands in the way."""


class PollRefused(ClientFault):
    """The gateway answered the poll, and refused it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        listed = "; ".join(f"{found.code} {found.text}" for found in findings)
        super().__init__(f"the poll was refused: {listed or 'no reason was given'}")
        self.findings = tuple(findings)


class TooLarge(ClientFault):
    """What was to be written is larger than a message or an attachment may be."""


class NotInTime(ClientFault):
    """The deadline passed before the end that was waited for. What came until then has been told."""


class NotAMessage(ClientFault):
    """What was given is no message, or is about no claim, authorization or question."""
