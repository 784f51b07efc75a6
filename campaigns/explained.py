"""Why does our own message differ in shape from the recorded one, where it does?"""

import re
from typing import NamedTuple

WITHHELD = (
    "What was refused for its fault, or refers to it, is not repeated: the answer would have that fault."
)

_NOTHING, _SOME = "", ".+"


class Row(NamedTuple):
    """Patterns of the path, of what is recorded and of what we write; nothing there is the empty text."""

    path: str
    theirs: str
    ours: str
    why: str


TABLE = (
    Row(
        r"Bundle\.meta\.tag\.(code|system)",
        _NOTHING,
        r"nphies-generated|.*/meta-tags",
        "The guide's mark of authorship stands beside the recorded one (spec §0.3 item 4).",
    ),
    Row(
        r"MessageHeader\.meta\.tag\.(code|system)",
        r"queued-messages|.*/meta-tags",
        _NOTHING,
        "Tells that more is waiting; put in when an answer goes out, as the mailbox then is (spec §4).",
    ),
    Row(
        r"(Bundle|MessageHeader)\.id",
        "echoed",
        "new",
        "Recorded cancellations and status checks come back under the request's own ids; ours are never used"
        " twice (BV-00127, BV-00532).",
    ),
    Row(
        r"MessageHeader\.fullUrl",
        "echoed|none",
        "the gateway's",
        "Every entry has an address (FR-00007), the gateway's with its own id (spec §0.3 item 10).",
    ),
    Row(
        r"MessageHeader\.meta\.profile",
        _NOTHING,
        r".*/message-header\|1\.0\.0",
        "The profile is mandatory (IC-00223); one recorded refusal of a batch lacks it.",
    ),
    Row(
        r"ClaimResponse\.subType\..*",
        _NOTHING,
        _SOME,
        "The profile demands it; the recorded answers lack it (spec §0.3 item 11).",
    ),
    Row(
        r"ClaimResponse\.extension\.(url|value.*)",
        _NOTHING,
        _SOME,
        "The claim's place in its batch is said again, as the guide asks (spec §0.3 item 8).",
    ),
    Row(
        r"ClaimResponse\.created",
        "echoed",
        "time",
        "It is the moment the answer was made, by which answers are put in order; recorded ones repeat the"
        " claim's.",
    ),
    Row(
        r"ClaimResponse\.(patient|insurer|requestor|insurance\.coverage)\.reference",
        "absolute to nothing here",
        r"absolute to \w+",
        "Recorded members of a batch keep the claim's references, which lead nowhere in the answer; ours lead"
        " to its entries.",
    ),
    Row(
        r"OperationOutcome\.issue\.diagnostics",
        _NOTHING,
        "told",
        "Where there is a hint it is told: what the sender should change (spec §8.1).",
    ),
    Row(
        r"ClaimResponse\.error\.code\.text",
        _NOTHING,
        "new",
        "What is too long for a display (BV-00279; recorded ones are longer) stands whole beside it.",
    ),
    Row(
        r"Task\.meta\.profile",
        r".*/(poll|status)-request\|1\.0\.0",
        r".*/task\|1\.0\.0",
        "The request's profile was refused for not being known; an answer declares the one there is (spec"
        " §0.3 item 3).",
    ),
    Row(
        r"Task\.code\.coding\.(code|display)",
        "poll|echoed",
        "status|",
        "The code of the event (BV-00909), without the sender's wording of it.",
    ),
    Row(
        r"Task\.statusReason\..*",
        _SOME,
        _NOTHING,
        "A request may not have it (BV-00873), and in an answer it says why a cancellation cannot be.",
    ),
)


def row(path: str, theirs: str, ours: str) -> Row | None:
    """None if the difference is not explained. Members of a batch differ as single answers do."""
    where = path.removeprefix("member ")
    for one in TABLE:
        if (
            re.fullmatch(one.path, where)
            and re.fullmatch(one.theirs, theirs)
            and re.fullmatch(one.ours, ours)
        ):
            return one
    return None
