"""Which rules of the list are left out on purpose, and why?"""

from collections.abc import Mapping

from claimgw.conformance.ranges import codes

_OF_A_PROFILE = """
DT: 01284 01286
RE: 00149-00160 00162-00163
"""
_OF_A_SERVICE = """
GE: 00004-00005
IB: 00237 00239
"""
_OVERFLOWS = """
IB: 00349-00352
"""

_OF_OTHER_EVENTS = """
BV: 00666 00702 00863 00881 00887-00889 00891 00896 00900 00902-00903 00906 00911 00919-00920 00937
"""
NOT_OFFERED = (
    "is of prescriptions and referrals, whose events are not offered: they are refused with BV-00545"
)

NOT_APPLICABLE: Mapping[str, str] = {
    "BV-00429": "contradicts the guide and the real server: a chief complaint is SNOMED CT or text",
    "BV-00594": "BV-00429 for advanced authorizations: contradicts the guide in the same way",
    **dict.fromkeys(
        codes(_OF_A_PROFILE), "a fault of a profile, not of a message: such a profile is refused when loaded"
    ),
    **dict.fromkeys(
        codes(_OF_A_SERVICE), "the lists of codes are held here: no terminology service is asked"
    ),
    **dict.fromkeys(codes(_OVERFLOWS), "sums are exact decimals of any length: they do not overflow"),
    **dict.fromkeys(codes(_OF_OTHER_EVENTS), NOT_OFFERED),
    **dict.fromkeys(
        codes("BV: 00166 00226"),
        "only the gateway's own error notices carry it, each written from the answer it is about",
    ),
    **dict.fromkeys(
        codes("BV: 00133 00153 00159"),
        "no message holds such a resource: no reference of a profile leads to one",
    ),
    "BV-00156": "who enters data may be anybody: no profile says of which type",
    "BV-00199": "there is no register of practitioners here",
    "BV-00235": "as published it forbids notices of payments that were told of earlier; see BV-00510",
    "GE-00021": "there is no register of practitioners here",
    "GE-00023": "what waits is kept until it is taken: a message and its place in the queue are one record",
    "DT-01272": "no element has a least length; what is empty is FR-00006",
    "DT-01276": "each constraint has a code of its own, which is given",
    "DT-01277": "each constraint has a code of its own, which is given",
    "DT-01280": "no element has a least or greatest value, so nothing is compared",
    "DT-01285": "no element has a least or greatest quantity",
    "IB-00241": "all bindings of nphies are required ones",
    "IB-00243": "no list of nphies has abstract codes",
    "IB-00244": "contradicts the real server, which accepts any display",
}
