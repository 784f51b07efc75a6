"""Does each piece of supporting information say it in codes where codes are wanted?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, codes_at, object_at, objects_at, place
from claimgw.messages.findings import Finding


def coded(case: Case) -> Iterator[Finding]:
    """BV-00530: only the chief complaint may be told by text alone."""
    focal = case.envelope.focal
    if focal is None or focal.type != "Claim":
        return
    for index, information in objects_at(focal.resource, "supportingInfo"):
        code = object_at(information, "code")
        if not code or code.get("coding"):
            continue
        if "chief-complaint" not in {category for _, category in codes_at(information, "category")}:
            yield Finding(
                "BV-00530",
                f"{place(focal)}.supportingInfo[{index}].code",
                "The code of this information is given as text only",
                "Give a coding, or put the text into valueString and leave code out",
            )
