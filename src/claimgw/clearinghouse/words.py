"""Which sentences does the gateway write into answers for people?"""

from claimgw.messages.claim_replies import LONGEST_DISPOSITION
from claimgw.messages.findings import Finding


def will_deliver(insurer: str) -> str:
    """The disposition of a pended answer: at most 250 characters; a long name of an insurer is cut."""
    before = "Received without errors as far as the gateway can tell. It will be delivered to "
    after = " as soon as the insurer can take it; poll for the answer."
    return before + _cut(insurer, LONGEST_DISPOSITION - len(before) - len(after)) + after


def in_process(insurer: str) -> str:
    """The disposition of the answer to a copy that came while the first is on its way (spec §3.4)."""
    before = "BV-00542: an identical message is already being processed for "
    after = "; nothing was sent again. Poll for the answer, or repeat the message later."
    return before + _cut(insurer, LONGEST_DISPOSITION - len(before) - len(after)) + after


def insurer_declined(detail: str) -> Finding:
    """The finding of an insurer's refusal to process; `detail` are codes, never content."""
    return Finding(
        "GE-00026",
        "",
        f"The insurer could not process the message ({detail})"[:250],
        "Ask the insurer, or send a corrected request under a new identifier",
    )


def _cut(name: str, room: int) -> str:
    return name if len(name) <= room else name[: room - 1] + "…"
