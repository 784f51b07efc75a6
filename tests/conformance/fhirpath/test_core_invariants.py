"""Can the invariants of FHIR R4 itself be compiled, and do they hold where they should?"""

from typing import Any

import pytest

from claimgw.conformance.fhirpath import compile_expression
from tests.conformance.fhirpath.ground import PATIENT, scope

_DOM_3 = (
    "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical)"
    " | %resource.descendants().as(uri) | %resource.descendants().as(url))) or "
    "descendants().where(reference"
    " = '#').exists() or descendants().where(as(canonical) = "
    "'#').exists()).not()).trace('unmatched', id).empty()"
)
_QUANTITY = {"value": 5, "code": "a", "system": "http://unitsofmeasure.org"}
_CODING = {"system": "s", "code": "c"}
# Type, invariant, a value that keeps it, one that breaks it.
INVARIANTS: list[tuple[str, str, Any, Any]] = [
    (
        "Patient",
        "contained.contained.empty()",
        {},
        {"contained": [{"resourceType": "Patient", "contained": [{"resourceType": "Patient"}]}]},
    ),
    ("Patient", _DOM_3, PATIENT | {"managingOrganization": {"reference": "#c1"}}, PATIENT),
    (
        "Patient",
        "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()",
        PATIENT,
        {"contained": [{"resourceType": "Patient", "meta": {"versionId": "1"}}]},
    ),
    ("Patient", "text.`div`.exists()", PATIENT, {}),
    ("HumanName", "hasValue() or (children().count() > id.count())", {"family": "a"}, {"id": "a"}),
    ("Extension", "extension.exists() != value.exists()", {"url": "a", "valueCode": "a"}, {"url": "a"}),
    (
        "Reference",
        (
            "reference.startsWith('#').not() or (reference.substring(1).trace('url') in "
            "%rootResource.contained.id.trace('ids'))"
        ),
        {"reference": "#c1"},
        {"reference": "#c2"},
    ),
    ("Quantity", "code.empty() or system.exists()", _QUANTITY, {"code": "a"}),
    (
        "Age",
        (
            "(code.exists() or value.empty()) and (system.empty() or system = %ucum) and "
            "(value.empty() or value.hasValue().not() or value > 0)"
        ),
        _QUANTITY,
        {"value": -1, "code": "a"},
    ),
    ("Duration", "code.exists() implies ((system = %ucum) and value.exists())", _QUANTITY, {"code": "d"}),
    (
        "Period",
        "start.hasValue().not() or end.hasValue().not() or (start <= end)",
        {"start": "2020", "end": "2021"},
        {"start": "2022", "end": "2021"},
    ),
    (
        "Attachment",
        "data.empty() or contentType.exists()",
        {"data": "aa", "contentType": "a/b"},
        {"data": "aa"},
    ),
    ("ContactPoint", "value.empty() or system.exists()", {"value": "1", "system": "phone"}, {"value": "1"}),
    (
        "Range",
        "low.empty() or high.empty() or (low <= high)",
        {"low": _QUANTITY, "high": _QUANTITY},
        {"low": _QUANTITY, "high": _QUANTITY | {"value": 4}},
    ),
    (
        "Ratio",
        "(numerator.empty() xor denominator.exists()) and (numerator.exists() or extension.exists())",
        {"numerator": {}, "denominator": {}},
        {"numerator": {}},
    ),
    (
        "TimingRepeat",
        "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))",
        {"offset": 1, "when": ["AC"]},
        {"offset": 1, "when": ["C"]},
    ),
    ("Narrative", "`div`.all($this.htmlChecks())", PATIENT["text"], {"div": "<p/>"}),
    (
        "Bundle",
        "total.empty() or (type = 'searchset') or (type = 'history')",
        {"type": "message"},
        {"type": "message", "total": 1},
    ),
    (
        "Bundle",
        (
            "entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' "
            "or %resource.type = 'history'))"
        ),
        {"type": "batch", "entry": [{"request": {}}]},
        {"type": "message", "entry": [{"request": {}}]},
    ),
    (
        "Bundle",
        (
            "(type = 'history') or "
            "entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()"
        ),
        {"type": "message", "entry": [{"fullUrl": "a"}, {"fullUrl": "b"}]},
        {"type": "message", "entry": [{"fullUrl": "a"}, {"fullUrl": "a"}]},
    ),
    (
        "Bundle",
        "type = 'message' implies entry.first().resource.is(MessageHeader)",
        {"type": "message", "entry": [{"resource": {"resourceType": "MessageHeader"}}]},
        {"type": "message", "entry": [{"resource": {"resourceType": "Task"}}]},
    ),
    ("Bundle.entry", "resource.exists() or request.exists() or response.exists()", {"request": {}}, {}),
    (
        "Bundle.entry",
        "fullUrl.contains('/_history/').not()",
        {"fullUrl": "http://a"},
        {"fullUrl": "http://a/_history/1"},
    ),
    ("Organization", "(identifier.count() + name.count()) > 0", {"name": "a"}, {}),
    ("Organization.address", "where(use = 'home').empty()", {"use": "work"}, {"use": "home"}),
    (
        "Observation",
        "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()",
        {"valueString": "a", "code": {"coding": [_CODING]}},
        {"valueString": "a", "code": {"coding": [_CODING]}, "component": [{"code": {"coding": [_CODING]}}]},
    ),
    (
        "Condition",
        (
            "clinicalStatus.exists() or verificationStatus.coding.where(system='a' and code = "
            "'entered-in-error').exists() or category.select($this='problem-list-item').empty()"
        ),
        {"clinicalStatus": {}},
        {"category": [{"text": "a"}, {"text": "b"}]},
    ),
    (
        "Task",
        "lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn",
        {"lastModified": "2021", "authoredOn": "2020"},
        {"lastModified": "2020", "authoredOn": "2021"},
    ),
    (
        "CodeSystem",
        (
            "concept.exists() implies "
            "concept.code.combine(%resource.concept.descendants().concept.code).isDistinct()"
        ),
        {"concept": [{"code": "a"}, {"code": "b"}]},
        {"concept": [{"code": "a"}, {"code": "a"}]},
    ),
    ("StructureDefinition", "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')", {"name": "Abc"}, {"name": "abc"}),
    (
        "StructureDefinition",
        "derivation = 'constraint' or snapshot.element.select(path).isDistinct()",
        {"snapshot": {"element": [{"path": "a"}]}},
        {"snapshot": {"element": [{"path": "a"}, {"path": "a"}]}},
    ),
    (
        "StructureDefinition.differential",
        (
            "(%resource.kind = 'logical' or element.first().path.startsWith(%resource.type)) and "
            "(element.tail().empty() or "
            "element.tail().all(path.startsWith(%resource.differential.element.first().path.replaceMatc"
            "hes('\\\\..*','')&'.')))"
        ),
        None,
        {"element": [{"path": "b"}]},
    ),
    (
        "ElementDefinition",
        "min.empty() or max.empty() or (max = '*') or iif(max != '*', min <= max.toInteger())",
        {"min": 1, "max": "2"},
        {"min": 3, "max": "2"},
    ),
    (
        "ElementDefinition",
        (
            "path.matches('^[^\\\\s.,:;\\\\\\'\"\\\\/|?!@#$%^&*()\\\\[\\\\]{}]{1,64}(\\\\.[^\\\\s.,:;"
            "\\\\\\'\"\\\\/|?!@#$%^&*()\\\\[\\\\]{}]{1,64}(\\\\[x\\\\])?(\\\\:[^\\\\s\\\\.]+)?)*$')"
        ),
        {"path": "Claim.value[x]:a"},
        {"path": "Claim item"},
    ),
    (
        "Questionnaire",
        "descendants().linkId.isDistinct()",
        {"item": [{"linkId": "a", "item": [{"linkId": "b"}]}]},
        {"item": [{"linkId": "a", "item": [{"linkId": "a"}]}]},
    ),
]


@pytest.mark.parametrize(("type_", "invariant", "good", "bad"), INVARIANTS)
def test_an_invariant_of_the_standard_tells_good_from_bad(
    type_: str, invariant: str, good: Any, bad: Any
) -> None:
    compiled = compile_expression(invariant, type_)
    for value, kept in ((good, True), (bad, False)):
        if value is not None:
            resource = value if type_ in ("Patient", "Bundle", "Observation", "CodeSystem") else PATIENT
            resource = {"resourceType": type_.partition(".")[0], **resource}
            assert compiled.holds(value, scope(resource)) is kept
