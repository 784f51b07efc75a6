"""Which codes of the rule list are never given, because another one is given for the same fault?"""

from collections.abc import Mapping

from claimgw.conformance.ranges import codes

# A resource without a type of resource, or with a thing that is none: that it is a Claim cannot be told.
_UNTYPED = """
DT: 01338 01355 01360 01363 01368-01369 01378 01380 01384 01394 01397 01402-01404 01406-01407
IC: 01337 01354 01359 01362 01367-01368 01377 01379 01383 01393 01396 01401-01403 01405-01406
"""
# The real server has IC-01428 for `Practitioner.identifier.type`, and for `identifier` in a reference.
_OF_IDENTIFIERS = """
IC: 00203-00208 00373-00374
"""
_OF_CLAIM_IDENTIFIERS = """
IC: 00325 00327 00388-00391
IB: 00322-00324
"""
# Faults of a form, in words that name no element.
_OF_ANY_FORM = """
DT: 01274 01278 01281 01287-01290 01293-01294
"""
_UNRESOLVED = """
RE: 00000 00148 00166-00167 00171-00175
"""

# Business identifiers, whose systems are the senders' own.
_IDENTIFIERS = """
BV: 00138 00147 00149-00150 00154 00194 00197
"""

# Code -> the code that is given, and why it is that one.
COVERED: Mapping[str, tuple[str, str]] = {
    "BV-00078": ("RE-00170", "the real server says so of a target without an accepted profile"),
    "BV-00079": ("RE-00169", "the real server says so of a reference that leads nowhere"),
    "BV-00080": ("RE-00180", "a resource of unknown type ends the parsing, before any business rule"),
    "BV-00122": ("BV-00066", "the same rule for all claims: an item has a date or a period"),
    "BV-00123": ("BV-00066", "the second number of BV-00122"),
    "BV-00019": ("BV-00046", "the same rule: an item that is answered is one of the claim"),
    "BV-00127": ("BV-00533", "the same rule, told when the message is admitted"),
    "BV-00128": ("BV-00533", "the second number of BV-00127"),
    "BV-00845": (
        "BV-00741",
        "class AMB is refused of institutional requests only; the real server takes it elsewhere",
    ),
    **dict.fromkeys(
        codes(_IDENTIFIERS), ("IC-01428", "it lacks its system or its value; there is no register of systems")
    ),
    "BV-00157": ("RE-00005", "a type beside the identifier of a reference is one of its targets"),
    "BV-00160": ("RE-00007", "a type beside the identifier of a reference is one of its targets"),
    "BV-00164": ("RE-00094", "a type beside the identifier of a reference is one of its targets"),
    "BV-00176": ("BV-00545", "told when the message is admitted, as is an unknown sender"),
    "BV-00183": ("IB-00177", "the kind of an organization's identifier is its type, of a list"),
    "BV-00185": ("BV-00186", "an organization of this profile is an insurer's"),
    "BV-00187": ("IB-00182", "types of organizations are of a list"),
    "BV-00188": ("IB-00242", "the kind of a patient's identifier is its type, of a list"),
    "BV-00190": ("IB-00037", "types of payees are of a list"),
    "BV-00191": ("BV-00193", "the same rule: only a notice names a reconciliation"),
    "BV-00192": ("IB-00197", "types of payments are of a list"),
    "BV-00198": ("IB-00242", "the kind of a practitioner's identifier is its type, of a list"),
    "BV-00200": ("RE-00020", "a type beside the identifier of a reference is one of its targets"),
    "BV-00202": ("RE-00050", "a type beside the identifier of a reference is one of its targets"),
    "BV-00205": ("RE-00031", "a type beside the identifier of a reference is one of its targets"),
    "BV-00206": ("RE-00143", "a type beside the identifier of a reference is one of its targets"),
    "BV-00210": ("RE-00169", "the real server says so of every reference that leads nowhere"),
    "BV-00212": ("RE-00103", "a type beside the identifier of a reference is one of its targets"),
    "BV-00356": ("BV-00193", "the same rule: a notice names a reconciliation that was received"),
    **dict.fromkeys(codes(_UNTYPED), ("RE-00180", "without a type it cannot be told what it ought to be")),
    **dict.fromkeys(
        codes(_OF_IDENTIFIERS), ("IC-01428", "the real server says so of what an identifier lacks, wherever")
    ),
    **dict.fromkeys(
        codes(_OF_CLAIM_IDENTIFIERS),
        ("IC-00025", "other names of the focal resource's identifier, which has a code of its own"),
    ),
    **dict.fromkeys(codes(_OF_ANY_FORM), ("GE-00035", "the generic code of an invalid form")),
    **dict.fromkeys(
        codes(_UNRESOLVED), ("RE-00169", "the real server says so of every reference that leads nowhere")
    ),
    "DT-00974": ("DT-00970", "the value of a gender is the gender itself"),
    "DT-01094": ("DT-01090", "the value of a gender is the gender itself"),
    "DT-01273": ("DT-01275", "a text can be too long in one way only"),
    "DT-01279": ("FR-00027", "the real server says so of an element that FHIR does not know"),
    "DT-01291": ("IC-01428", "the real server says so of a number of occurrences without a code of its own"),
    "DT-01292": ("IB-00240", "a pattern fixes a part of a value"),
    "DT-01296": ("GE-00035", "periods have codes where they stand, else the generic one"),
    "DT-01315": ("DT-00016", "the focal resource is the resource of an entry"),
    "DT-01316": ("BV-00126", "a first entry that holds no MessageHeader is told before all else"),
    "DT-01319": ("BV-00220", "a body that is no Bundle is refused before it is walked"),
    "IC-01318": ("BV-00220", "a body that is no Bundle is refused before it is walked"),
    "IB-00000": ("IB-00242", "the generic code of a code that is not in its list"),
    "IB-00157": ("IB-00242", "the real server says so of the value of an extension"),
    "IB-00158": (
        "IB-00242",
        "types of identifiers have a code where a profile binds them, else the generic one",
    ),
    "IB-00245": ("IC-01428", "coding and code are mandatory wherever a list is bound"),
    "IB-00252": ("BV-00129", "a type of resource that the message is not to hold"),
    "IB-00253": ("RE-00170", "the address of a profile that is not accepted"),
    "IB-00320": ("RE-00122", "a type beside the identifier of a reference is one of its targets"),
    "IC-00344": ("RE-00020", "a type beside the identifier of a reference is one of its targets"),
    "IC-00361": ("RE-00069", "a type beside the identifier of a reference is one of its targets"),
    "IC-00362": ("RE-00062", "a type beside the identifier of a reference is one of its targets"),
    "IC-00363": ("RE-00063", "a type beside the identifier of a reference is one of its targets"),
    "IC-00001": ("BV-00907", "the later number of the same rule"),
    "IC-00004": ("BV-00909", "the later number of the same rule"),
    "IC-00008": ("BV-00909", "the later number of the same rule"),
    "IC-00323": ("RE-00020", "references to a provider have codes of their own"),
    "IC-00324": ("FR-00006", "what is empty is told when the text is read"),
    "IC-01431": ("IC-00092", "an item of an answer has itemSequence; FHIR knows no other sequence there"),
    "RE-00161": ("BV-00526", "two slices at once need two codings of one system"),
    "RE-00164": ("RE-00170", "the real server says so of a profile that is not accepted here"),
    "RE-00181": ("RE-00016", "the same of claims; authorizations may be paid to the insurer too"),
    "RE-00168": ("RE-00169", "the real server says so; what is wrong in the target is told there"),
}
