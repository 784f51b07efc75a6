"""Which mutants may survive, and why? Reviewed one by one; what is not listed here is a defect."""

import re
from dataclasses import dataclass

from campaigns.mutant import Kind, Mutant


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Mutants of one kind at the elements the expression matches (`profile element`), all of it."""

    kind: Kind
    variant: str
    elements: str
    reason: str


# An entry explains a survivor; it does not make it count as caught.
REVIEWED: tuple[Reviewed, ...] = (
    Reviewed(
        Kind.TOO_MANY,
        "repeated",
        r"message-header MessageHeader\.focus",
        "in batches, which have as many foci as members; elsewhere it is told (IC-00378)",
    ),
    Reviewed(
        Kind.MISSING,
        "removed",
        r"bundle Bundle\.meta",
        "the spec names no code for Bundle.meta; what is told is that its profile is missing (IC-00009)",
    ),
    Reviewed(
        Kind.MISSING,
        "removed",
        r"bundle Bundle\.entry\.resource",
        "FR-00005 is the rule for it, and of an earlier stage than IC-01435",
    ),
    Reviewed(
        Kind.MISSING,
        "removed",
        r"(claim-response|prior-auth-response) ClaimResponse\.subType",
        "the real server leaves it out of its own answers: 0..1 in our definitions",
    ),
    Reviewed(
        Kind.MISSING,
        "removed",
        r"payment-notice PaymentNotice\.recipient\.identifier\.type",
        "senders leave the type out of identifiers in references everywhere: 0..1 in our definitions",
    ),
    Reviewed(
        Kind.MISSING,
        "removed",
        r"(task|cancel-request) Task\.reasonCode",
        "BV-00071 is the rule that demands it of requests only; answers of the real server lack it",
    ),
    Reviewed(
        Kind.LENGTH,
        "too long",
        r"practitioner Practitioner\.identifier\.value",
        "100 characters as of all identifiers (BV-00275), where the sheet has 50",
    ),
    Reviewed(
        Kind.LENGTH,
        "too long",
        r"bundle Bundle\.entry\.fullUrl",
        "what refers to the entry leads nowhere now: that (RE-00169) is of an earlier stage than the length",
    ),
    Reviewed(
        Kind.LENGTH,
        "too long",
        r"(organization Organization|patient Patient)\.identifier\.system",
        "the system is fixed (of patients at 0.3.0): that it is another is told first, in an earlier stage",
    ),
    *(
        Reviewed(
            kind,
            variant,
            r"encounter-\S+ Encounter\.(extension:|hospitalization\.)\w.*|cancel-request Task\.reasonCode",
            "0.3.0 has one code for the number, that of the rule which demands it, told of too many as well",
        )
        for kind, variant in ((Kind.DOUBLED, "doubled"), (Kind.ARRAY, "two in an array"))
    ),
    *(
        Reviewed(
            kind,
            variant,
            r"bundle Bundle\.entry",
            "of the first entry: that it is no MessageHeader (BV-00126) is seen first, at its resource",
        )
        for kind, variant in (
            (Kind.TYPE, "string for object"),
            (Kind.TYPE, "number for object"),
            (Kind.FORM, "empty"),
        )
    ),
)


def reason(mutant: Mutant) -> str | None:
    where = f"{mutant.profile} {mutant.element}"
    for one in REVIEWED:
        if (one.kind, one.variant) == (mutant.kind, mutant.variant) and re.fullmatch(one.elements, where):
            return one.reason
    return None
