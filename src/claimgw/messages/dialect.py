"""In which dialect does the gateway write: as recorded exchanges show, or as the guide's text has it?"""

from dataclasses import dataclass
from enum import StrEnum

from claimgw.messages.identifiers import CODES, VALUE_SETS


class Dialect(StrEnum):
    """Only what the gateway writes itself differs; both are read."""

    NPHIES = "nphies"  # the shapes of recorded exchanges (spec §0.3)
    GUIDE = "guide"  # those of the guide's text and profiles


@dataclass(frozen=True, slots=True)
class Manner:
    """One dialect's answer to each question on which the two differ."""

    tags_focal: bool  # the observed mark on the focal resource, beside the guide's on the Bundle (C-04)
    absolute: bool  # references are fullUrls, not relative to them (§2.6; §0.3 item 10)
    output_types: str  # the system of Task.output.type (C-08)
    place_on_coding: bool  # where extension-error-expression stands: on the coding or outside it (C-09)
    refused_authorization: str  # the profile of an authorization's refusal (§2.1; §0.3 item 11)
    outcome_profile: str  # OperationOutcome within a message (C-21)
    focuses_outcome: bool  # it is also the header's focus (§6.12; §0.3 item 6)
    focuses_poll: (
        bool  # an answer to a poll has its Task as focus and repeats what it asked about (§2.1, §6.0)
    )


MANNERS = {
    Dialect.NPHIES: Manner(
        tags_focal=True,
        absolute=False,
        output_types=VALUE_SETS + "task-output-type",
        place_on_coding=True,
        refused_authorization="claim-response",
        outcome_profile="operationoutcome",
        focuses_outcome=False,
        focuses_poll=False,
    ),
    Dialect.GUIDE: Manner(
        tags_focal=False,
        absolute=True,
        output_types=CODES + "task-output-type",
        place_on_coding=False,
        refused_authorization="prior-auth-response",
        outcome_profile="OperationOutcome",
        focuses_outcome=True,
        focuses_poll=True,
    ),
}
