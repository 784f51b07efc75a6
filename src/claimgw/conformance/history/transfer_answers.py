"""Is a transfer of care answered with its number, period and provider, and only where one was asked for?"""

from collections.abc import Iterator

from claimgw.conformance.case import Case, extensions_at
from claimgw.conformance.history.answered import adjudication_of, pair_of
from claimgw.messages.findings import Finding

# What is given: the code where it is missing, and where it is out of place.
_GIVEN = {
    "transferAuthorizationNumber": ("BV-00546", "BV-00548"),
    "transferAuthorizationPeriod": ("BV-00547", "BV-00549"),
    "transferAuthorizationProvider": ("BV-00562", "BV-00550"),
}


def transfers(case: Case) -> Iterator[Finding]:
    """BV-00546 … BV-00550, BV-00562: an approved transfer has all three of them, anything else none."""
    pair = pair_of(case, "ClaimResponse")
    if pair is None or case.event != "priorauth-response":
        return
    said = pair.answer.resource
    wanted = any(one.get("valueBoolean") is True for _, one in extensions_at(pair.asked.resource, "transfer"))
    approved = said.get("outcome") == "complete" and adjudication_of(said) in ("approved", "partial")
    for name, (missing, misplaced) in _GIVEN.items():
        index = next((index for index, _ in extensions_at(said, name)), None)
        if wanted and approved and index is None:
            yield Finding(
                missing,
                f"{pair.place}.extension",
                f"A transfer of care is approved without {name}",
                "Add number, period and provider of the transfer",
            )
        elif not wanted and index is not None:
            yield Finding(
                misplaced,
                f"{pair.place}.extension[{index}]",
                f"There is a {name}, and no transfer of care was asked for",
                "Leave it out",
            )
