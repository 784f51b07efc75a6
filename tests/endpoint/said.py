"""What do the parties say of a claim in the tests of this room? Examples under new ids, about that claim."""

import json
from typing import Any

from tests.clearinghouse.spoken import Json, fresh
from tests.insurers.sandbox_events import about


def message(name: str, identifier: str | None = None, **focus: Any) -> bytes:
    """An example; `focus` replaces elements of its focal resource."""
    tree = json.loads(fresh(name, claim=identifier))
    tree["entry"][1]["resource"].update(focus)
    return json.dumps(tree).encode()


def cancelling(claim: str) -> bytes:
    return message("cancel-request", focus=about(claim))


def asking(claim: str, identifier: str) -> bytes:
    """The insurer's question."""
    return message("communication-request", identifier, about=[about(claim)])


def answering(question: bytes, claim: str) -> bytes:
    """The provider's communication, solicited by that question."""
    asked: Json = json.loads(question)["entry"][1]["resource"]["identifier"][0]
    based_on = [{"type": "CommunicationRequest", "identifier": asked}]
    return message("communication", basedOn=based_on, about=[about(claim)])
