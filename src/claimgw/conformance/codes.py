"""Which nphies code stands for this kind of fault at this element?"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from claimgw.conformance.texts import english
from claimgw.conformance.validator.faults import Breach, Fault, Kind
from claimgw.messages.findings import Finding, Severity

# Resource: element=number …, from the rule list of the guide (spec §8.3). A fault at an element that is not
# listed gets the generic code of its kind.
_MISSING = """
Bundle: type=00011
MessageHeader: destination.endpoint=00217 response.code=00224 response.identifier=00225 source=00227
  source.endpoint=00228 event=00377
Task: input.type=00297 input.value=00298 intent=00299 output.type=00303 output.value=00304 status=00308
Claim: accident.date=00012 careTeam.provider=00015 careTeam.sequence=00017 created=00018
  diagnosis.sequence=00022 diagnosis.diagnosis=00020 insurance=00026 insurance.coverage=00027
  insurance.focal=00028 insurance.sequence=00029 item.detail.productOrService=00034
  item.detail.sequence=00036 item.detail.subDetail.productOrService=00038
  item.detail.subDetail.sequence=00040 item.productOrService=00044 item.sequence=00046 patient=00050
  payee.type=00052 priority=00053 provider=00056 status=00059 supportingInfo.category=00060
  supportingInfo.sequence=00061 type=00063 use=00064
ClaimResponse: addItem.adjudication=01489 addItem.adjudication.category=01490
  addItem.detail.adjudication=01497 addItem.detail.adjudication.category=01498
  addItem.detail.productOrService=01495 addItem.detail.subDetail.adjudication=01505
  addItem.detail.subDetail.adjudication.category=01506 addItem.detail.subDetail.productOrService=01503
  addItem.productOrService=01485 created=00071 error.code=00072 insurance.coverage=00077
  insurance.focal=00078 insurance.sequence=00079 insurer=00080 item.adjudication=00081
  item.adjudication.category=00083 item.detail.adjudication=00084 item.detail.adjudication.category=00086
  item.detail.detailSequence=00087 item.detail.subDetail.adjudication.category=00090
  item.detail.subDetail.subDetailSequence=00091 item.itemSequence=00092 outcome=00095 patient=00096
  status=00104 total.amount=00105 total.category=00106 type=00107 use=00108
Coverage: beneficiary=00131 class.type=00132 class.value=00133 costToBeneficiary.exception.type=00134
  costToBeneficiary.value=00135 payor=00140 status=00142
Encounter: class=00178 status=00189
VisionPrescription: created=00309 dateWritten=00310 lensSpecification=00313 lensSpecification.eye=00314
  lensSpecification.prism.amount=00315 lensSpecification.prism.base=00316 lensSpecification.product=00317
  patient=00320 prescriber=00321 status=00322
MedicationRequest: intent=01522 status=01521 subject=01524
Communication: payload.content=00115 status=00117
CommunicationRequest: payload.content=00125 status=00129
CoverageEligibilityRequest: created=00144 insurance.coverage=00147 insurer=00148 patient=00151 purpose=00154
  serviced.start=01436 serviced.end=01437 status=00155
CoverageEligibilityResponse: created=00158 error.code=00159 insurance.coverage=00164
  insurance.item.benefit.type=00166 insurer=00170 outcome=00173 patient=00174 purpose=00175 request=00176
  status=00177
PaymentNotice: amount=00248 created=00249 payment=00255 recipient=00259 status=00260
PaymentReconciliation: created=00261 detail.type=00266 paymentAmount=00272 paymentDate=00273 status=00278
OperationOutcome: issue=01385 issue.code=01386 issue.severity=01390
"""

_FORMS = """
Bundle: id=00032 meta=00042 meta.id=00044 meta.lastUpdated=00045 meta.profile=00046 meta.security=00047
  meta.source=00048 meta.tag=00049 meta.versionId=00050 entry=00001 entry.id=00004 entry.fullUrl=00003
  entry.resource=00016 signature=00051 timestamp=00052 total=00053 type=00054
MessageHeader: id=00872 implicitRules=00873 language=00874 meta=00875 meta.id=00877 meta.lastUpdated=00878
  meta.profile=00879 meta.security=00880 meta.source=00881 meta.tag=00882 meta.versionId=00883 author=00848
  definition=00850 destination=00851 destination.id=00854 destination.endpoint=00852 destination.name=00856
  destination.receiver=00857 destination.target=00858 enterer=00859 event=00860 event.code=00862
  event.display=00863 event.id=00865 event.system=00866 event.userSelected=00867 event.version=00868
  focus=00871 reason=00885
  response=00886 response.id=00890 response.code=00887 response.details=00888 response.identifier=00891
  responsible=00893 sender=00894 source=00895 source.id=00899 source.contact=00896 source.endpoint=00897
  source.name=00901 source.software=00902 source.version=00903
Task: id=01175 meta=01191 meta.profile=01195 authoredOn=01163 focus=01172 identifier=01176 input=01178
  input.id=01180 input.type=01182 input.value=01297 intent=01187 lastModified=01189 output=01202
  output.type=01206 output.value=01207 owner=01208 performerType=01210 priority=01211 reasonCode=01212
  reasonReference=01213 relevantHistory=01214 requester=01215 restriction=01216 status=01223
  statusReason=01224
Patient: gender.id=00973 meta.profile=00992
Practitioner: gender.id=01093 meta.profile=01103
PractitionerRole: meta.profile=01145
Organization: meta.profile=00935
Location: meta.profile=00826
Encounter: meta.profile=00736
Coverage: meta.profile=00531
Claim: meta.profile=00179
ClaimResponse: meta.profile=00359
VisionPrescription: meta.profile=01262
Communication: meta.profile=00419
CommunicationRequest: meta.profile=00468
CoverageEligibilityRequest: meta.profile=00588 serviced.start=01418 serviced.end=01419
CoverageEligibilityResponse: meta.profile=00669
PaymentNotice: meta.profile=01015
PaymentReconciliation: meta.profile=01058
OperationOutcome: meta.profile=01393
"""

_CODES = """
Bundle: type=00006
MessageHeader: response.code=00175
Task: intent=00220 status=00228
Claim: status=00042 use=00048
ClaimResponse: outcome=00071 processNote.type=00076 status=00077 use=00081
Patient: gender=00186
Practitioner: gender=00206
Coverage: status=00108
Encounter: status=00154
Location: status=00167
VisionPrescription: lensSpecification.eye=00231 lensSpecification.prism.base=00232 status=00236
MedicationRequest: intent=00406 status=00405
Communication: priority=00087 status=00089
CommunicationRequest: priority=00097 status=00099
CoverageEligibilityRequest: purpose=00118 status=00119
CoverageEligibilityResponse: outcome=00133 purpose=00134 status=00135
PaymentNotice: status=00196
PaymentReconciliation: outcome=00202 status=00204
OperationOutcome: issue.severity=00287
"""

# Of the value an extension lacks while it has one of another type: the server writes this beside that fault.
_VALUES = """
Extension: value[x]:valueBoolean=00195 value[x]:valueDateTime=00196 value[x]:valueIdentifier=00197
  value[x]:valueMoney=00198 value[x]:valuePeriod=00199 value[x]:valuePositiveInt=00200
  value[x]:valueReference=00201 value[x]:valueString=00202
"""

_IN_AN_EXTENSION = re.compile(r"xtension\[[0-9]+\]\.(value\[x\]:[A-Za-z]+)$")
_IN_A_BATCH = re.compile(r"^\.entry\[[0-9]+\]\.resource\.entry\[")
# The generic code of a fault at an element, and of one that the server writes beside a more exact one.
_ANY_CARDINALITY = "IC-01428"
_GENERIC = {
    Kind.UNKNOWN: "FR-00027",
    Kind.MISSING: _ANY_CARDINALITY,
    Kind.SURPLUS: _ANY_CARDINALITY,
    Kind.FORM: "GE-00035",
    Kind.CHOICE: "GE-00035",
    Kind.CODE: "IB-00242",
    Kind.FIXED: "IB-00240",
    Kind.LENGTH: "DT-01275",
    Kind.SLICE: "DT-01283",
    Kind.ORDER: "DT-01282",
    Kind.RESOURCE: "RE-00180",
}


def finding(fault: Fault) -> Finding:
    """The fault as it goes out."""
    if fault.kind is Kind.INVARIANT:
        # Rules of base FHIR belong to the parsing, the others are business rules.
        place = fault.place if fault.rule.startswith("FR") else business(fault.place)
        return _finding(fault, fault.rule, place)
    companions = ((_beside(fault.companion), fault.companion),) if fault.companion else ()
    if fault.code is None:
        code = _TABLES.get(fault.kind, {}).get(fault.element) or _GENERIC[fault.kind]
        if fault.kind is Kind.CODE and not fault.source:
            code = _TABLES[Kind.CODE].get(fault.element) or _GENERIC[Kind.FORM]
        return _finding(fault, code, fault.place, companions)
    place = fault.place + fault.code.place
    if fault.code.code.startswith("BV") and fault.kind is Kind.MISSING and fault.companion:
        # An extension that a business rule misses is placed at the list, and nothing is written beside it.
        return _finding(fault, fault.code.code, business(fault.companion))
    if fault.code.business or fault.code.code.startswith("BV"):
        place = business(place)
    return _finding(fault, fault.code.code, place, companions)


def _finding(fault: Fault, code: str, place: str, companions: tuple[tuple[str, str], ...] = ()) -> Finding:
    told = english().fault(fault.kind, code)
    return Finding(code, place, told.text, told.hint, source=fault.source, companions=companions)


def _beside(place: str) -> str:
    value = _IN_AN_EXTENSION.search(place)
    return _VALUE_CODES.get(f"Extension.{value[1]}", _ANY_CARDINALITY) if value else _ANY_CARDINALITY


def breach(breach: Breach) -> Finding:
    """A constraint that is not kept, as it goes out: one of the business rules."""
    constraint = breach.constraint
    severity = Severity.ERROR if constraint.severity == "error" else Severity.WARNING
    place = business(breach.place) + constraint.place
    hint = english().hint(constraint.key)
    return Finding(
        constraint.key, place, constraint.text.removesuffix("."), hint, severity, constraint.source
    )


def business(place: str) -> str:
    """The place as the server writes it for business rules: with a small letter (spec §0.3 item 1).

    It judges each member of a batch by itself, and counts the entries of that.
    """
    return "bundle" + _IN_A_BATCH.sub(".entry[", place.removeprefix("Bundle"))


def _rows(family: str, table: str) -> Iterator[tuple[str, str]]:
    resource = ""
    for word in table.split():
        element, _, number = word.partition("=")
        if number:
            yield f"{resource}.{element}", f"{family}-{number}"
        else:
            resource = word.removesuffix(":")


_TABLES: Mapping[Kind, Mapping[str, str]] = {
    Kind.MISSING: dict(_rows("IC", _MISSING)),
    Kind.SURPLUS: dict(_rows("IC", _MISSING)),
    Kind.FORM: dict(_rows("DT", _FORMS)),
    Kind.CODE: dict(_rows("IB", _CODES)),
}
_VALUE_CODES: Mapping[str, str] = dict(_rows("IC", _VALUES))


@dataclass(frozen=True, slots=True)
class Generic:
    """What a code stands for that is in no profile. `element`: the path from the type; "": any."""

    kind: Kind
    element: str


def generic(code: str) -> Generic | None:
    """The kind of fault at the element of base FHIR, or at any, that this code is for."""
    return _generic().get(code)


@cache
def _generic() -> Mapping[str, Generic]:
    """By code; the first thing that a code stands for counts."""
    found: dict[str, Generic] = {}
    for kind, table in (*_TABLES.items(), (Kind.MISSING, _VALUE_CODES)):
        for element, given in table.items():
            found.setdefault(given, Generic(kind, element))
    for kind, given in _GENERIC.items():
        found.setdefault(given, Generic(kind, ""))
    return found
