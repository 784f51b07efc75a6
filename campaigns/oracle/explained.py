"""Which differences are known, and what is the reason? Reviewed; what is not listed is to be looked at."""

import re
from dataclasses import dataclass

from campaigns.oracle.compare import About, Difference, Side

# That what is billed is of the list for the type of claim: one code for each place and type.
_BILLING = r"IB-002(5[5-9]|6\d)"
# The amounts of an item, its parts and the whole are sums and products.
_SUMS = r"BV-00(251|374|43[3-5])"
_RULES = r"BV-00(071|126|201|221|456|467|874)|IB-0029[34]|DT-0130[14]"
_UNTYPED = (
    r"((DT|IC)-\d+:|(type changed|wrong lexical form|extension value of another type|array for one value) )"
)


@dataclass(frozen=True, slots=True)
class Explained:
    """Differences of one sort. `said` matches all of the code, id or key; `where` a part of
    `subject: place: text`, `other` a part of what the other side said. Without them: any.
    """

    about: About
    side: Side
    said: str
    reason: str
    where: str = ""
    other: str = ""

    def explains(self, one: Difference) -> bool:
        return (
            (self.about, self.side) == (one.about, one.side)
            and re.fullmatch(self.said, one.said) is not None
            and re.search(self.where, f"{one.subject}: {one.place}: {one.text}") is not None
            and re.search(self.other, one.other) is not None
        )


# The first that fits explains. The order is that of the table in the report.
EXPLAINED: tuple[Explained, ...] = (
    Explained(
        About.VALID,
        Side.THEIRS,
        r"Terminology_TX_NoValid_1_CC",
        "codes of a list that is not ours to publish: the validator takes the fragment for the whole",
        where=r"ValueSet/(diagnosis-icd-10-am|[a-z]+-billing|iso3166-1-3|adjudication-error)\|",
    ),
    Explained(
        About.VALID,
        Side.THEIRS,
        r"Reference_REF_CantMatchChoice",
        "a reference to a resource in which it found a code of such a list",
    ),
    Explained(
        About.VALID,
        Side.THEIRS,
        r"BV-00746",
        "memberOf of a code of a list that is not here: true for the validator, not told for us",
    ),
    Explained(
        About.VALID,
        Side.THEIRS,
        rf"{_BILLING}",
        "memberOf of a list that is not ours to publish: the validator takes the fragment for the whole",
        where=r"productOrService",
    ),
    Explained(
        About.VALID,
        Side.THEIRS,
        r"Terminology_TX_System_ValueSet2?",
        "nphies writes the address of the value set as the system of Task.output.type",
        where=r"output\[\d+\]\.type",
    ),
    Explained(
        About.FAULT,
        Side.OURS,
        r"RE-\d+|BV-\d+",
        "the validator does not report an absolute reference that leads nowhere",
        where=r"^reference cut ",
    ),
    Explained(
        About.FAULT,
        Side.OURS,
        r"RE-\d+",
        "the validator does not compare Reference.type with the targets of a reference by identifier",
        where=r"^reference to another type \(another type by identifier\)",
    ),
    Explained(
        About.FAULT,
        Side.OURS,
        r"(BV|DT)-\d+",
        "lengths stand in the profiles that hold everywhere (applies-everywhere), which the validator heeds "
        "for the message alone; of Arabic text it knows nothing",
        where=r"^maximum length exceeded ",
    ),
    Explained(
        About.FAULT,
        Side.OURS,
        r"\w\w-\d+",
        "without a declared profile, or with an unknown one, the validator judges by R4 alone",
        where=r"^(required element removed|pattern broken|type changed|wrong lexical form) \(.*\) "
        r"\S+ \w+\.meta",
    ),
    Explained(
        About.FAULT,
        Side.OURS,
        r"(IC|IB|BV)-\d+",
        "parts of money, codings and extensions that nphies demands everywhere (applies-everywhere)",
        where=r"^required element removed \(removed\) \S+ \S+"
        r"(\.(value|currency|code|system)|\.(value|diagnosis|timing)\[x\]): ",
    ),
    Explained(
        About.FAULT,
        Side.OURS,
        r"IC-01567",
        "asked by a rule, as nphies itself may leave it out (ClaimResponse.subType)",
    ),
    Explained(
        About.ELSEWHERE,
        Side.THEIRS,
        r"Reference_REF_CantMatchChoice",
        "an echo: a reference to a resource with a fault does not match its profile",
    ),
    Explained(
        About.ELSEWHERE,
        Side.OURS,
        r"RE-\d+",
        "the target declares no profile that can be read: we say it at the reference too, the validator "
        "judges the target by the profile that the reference asks for",
        where=r" \w+\.meta(\.profile)?: ",
    ),
    Explained(
        About.ELSEWHERE,
        Side.OURS,
        r"RE-\d+",
        "references to an entry without a readable address or resource lead nowhere, which the validator "
        "does not report",
        where=r" bundle Bundle\.entry",
    ),
    Explained(
        About.ELSEWHERE,
        Side.THEIRS,
        r"Bundle_BUNDLE_Entry_NotFound",
        "the focus of the header, named with the number of the entry after it",
        where=r"MessageHeader\.focus: ",
    ),
    Explained(
        About.ELSEWHERE,
        Side.THEIRS,
        r"Bundle_BUNDLE_\w+",
        "what is asked of a Bundle of the type that was put in place of message",
        where=r" bundle Bundle\.type: ",
    ),
    Explained(
        About.ELSEWHERE,
        Side.OURS,
        r"RE-00177",
        "an entry that nothing refers to any more: a warning of the validator, for the entry after it",
    ),
    Explained(
        About.CONSTRAINT,
        Side.OURS,
        r".*",
        "about a value that cannot be read: we ask it of the text as it stands, the validator of what it "
        "made of it",
        where=rf"^{_UNTYPED}",
    ),
    Explained(
        About.CONSTRAINT,
        Side.THEIRS,
        r".*",
        "about a value that cannot be read: the validator asks it of what it made of it, or of nothing",
        where=rf"^{_UNTYPED}",
    ),
    Explained(
        About.CONSTRAINT,
        Side.THEIRS,
        _RULES,
        "a rule in Python stands for it here, which knows the event and what was said already",
    ),
    Explained(
        About.CONSTRAINT,
        Side.OURS,
        _RULES,
        "a rule in Python stands for it here, which knows the event, the parties and the lists",
    ),
    Explained(
        About.CONSTRAINT,
        Side.THEIRS,
        _SUMS,
        "170 is not 170.00, nor 0.00 zero, for the validator, if one of them is written without a point; "
        "FHIRPath says that it is",
    ),
    Explained(
        About.CONSTRAINT,
        Side.OURS,
        _SUMS,
        "for that reason it had found the same constraint broken in the message before it was spoilt",
        where=r"^(BV|IC|IB|DT|GE)-\d+: ",
    ),
    Explained(
        About.CONSTRAINT,
        Side.THEIRS,
        rf"BV-00746|{_BILLING}",
        "memberOf of a list that is not ours to publish",
    ),
    Explained(
        About.CONSTRAINT,
        Side.OURS,
        _BILLING,
        "it had found the same constraint broken in the message before it was spoilt: memberOf as above",
        where=r"^(BV|IB)-\d+: ",
    ),
    Explained(
        About.CONSTRAINT,
        Side.THEIRS,
        r"IB-00045",
        "memberOf is false for the validator if only the display differs",
        where=r"\.display: ",
    ),
    Explained(
        About.CONSTRAINT,
        Side.OURS,
        rf"IB-00045|BV-006[1-4]\d|{_BILLING}",
        "memberOf of a coding without system or code: no for us, not told for the validator",
        where=r"^required element removed \(removed\) \S+ \S+\.coding(\.system|\.code)?: ",
    ),
)


def explanation(one: Difference) -> Explained | None:
    return next((entry for entry in EXPLAINED if entry.explains(one)), None)
