"""What is said of what is referred to and not on record: is it missing, or older than the record?"""

from datetime import date

from claimgw.conformance.case import Case
from claimgw.messages.findings import Finding, Severity

_TEXT = "Not checked: what is referred to may be older than what is on record here"
_HINT = "Nothing has to be done; identifiers from before can be imported"


def unknown(case: Case, code: str, path: str, text: str, hint: str, day: date | None = None) -> Finding:
    """The finding that it is not on record; information where history may begin too late to hold it.

    `day` is when it was sent or made, as far as the message tells.
    """
    if case.memory is None or case.memory.reaches(day):
        return Finding(code, path, text, hint)
    return Finding(code, path, _TEXT, _HINT, Severity.INFORMATION)
