"""Which operations are there, with which parameters? OperationDefinitions, made from a table."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

_R4 = "http://hl7.org/fhir/OperationDefinition/"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row; `type` is a FHIR type. What goes in by the address is `code`, `uri` or the like."""

    name: str
    type: str
    meaning: str
    required: bool = False
    out: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation; its name in addresses is `$` and the code. `like` is what FHIR R4 itself defines."""

    code: str
    name: str
    like: str
    meaning: str
    affects: bool
    on_types: bool
    parameters: tuple[Parameter, ...]


_PROCESS_MESSAGE = Operation(
    "process-message",
    "ProcessMessage",
    "MessageHeader-process-message",
    "One message in, its answer out, in the same session. The body is the Bundle itself. Answers at another"
    " time, or to another address, are not offered: what comes late is polled.",
    affects=True,
    on_types=False,
    parameters=(
        Parameter("content", "Bundle", "The message", required=True),
        Parameter(
            "return",
            "Bundle",
            "The answer; with another status than 200 an OperationOutcome stands in its place",
            required=True,
            out=True,
        ),
    ),
)
_VALIDATE = Operation(
    "validate",
    "Validate",
    "Resource-validate",
    "What is wrong with a message or a resource. Nothing is kept, and nothing is sent on.",
    affects=False,
    on_types=True,
    parameters=(
        Parameter("resource", "Resource", "What is judged; it may be the body itself", required=True),
        Parameter("profile", "uri", "A profile to judge it by, beside those it declares"),
        Parameter("stages", "code", "all: what every stage finds, not only the first that finds an error"),
        Parameter(
            "submit",
            "code",
            "dry: what would become of the message if the caller, who is its sender, sent it now; the"
            " first issue says so",
        ),
        Parameter("return", "OperationOutcome", "Every finding", required=True, out=True),
    ),
)

OPERATIONS = {operation.code: operation for operation in (_PROCESS_MESSAGE, _VALIDATE)}


def operation_definition(operation: Operation, *, base: str, version: str, at: datetime) -> dict[str, Any]:
    """The FHIR R4 resource, as served under `base`; `at` is when this was last changed."""
    return {
        "resourceType": "OperationDefinition",
        "id": operation.code,
        "url": canonical(operation, base),
        "version": version,
        "name": operation.name,
        "title": f"${operation.code}",
        "status": "active",
        "kind": "operation",
        "date": at.isoformat(timespec="seconds"),
        "description": operation.meaning,
        "affectsState": operation.affects,
        "code": operation.code,
        "base": _R4 + operation.like,
        **({"resource": ["Resource"]} if operation.on_types else {}),
        "system": True,
        "type": operation.on_types,
        "instance": False,
        "parameter": [_parameter(one) for one in operation.parameters],
    }


def canonical(operation: Operation, base: str) -> str:
    """Where the definition stands."""
    return f"{base}/OperationDefinition/{operation.code}"


def _parameter(row: Parameter) -> dict[str, Any]:
    return {
        "name": row.name,
        "use": "out" if row.out else "in",
        "min": int(row.required),
        "max": "1",
        "documentation": row.meaning,
        "type": row.type,
    }
