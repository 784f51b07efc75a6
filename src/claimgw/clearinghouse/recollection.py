"""How do rows of the store look to the rules that need what came before? Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import assert_never

from claimgw.conformance.memory import Key, Request, Standing, Statement
from claimgw.messages.envelope import Envelope
from claimgw.messages.identifiers import Identifier, LicenceKind
from claimgw.store.records import Author, Exchange, Imported, State
from claimgw.store.statements import Stated


def request_of(held: Exchange, header_id: str, answers: Sequence[Stated], whole: Envelope | None) -> Request:
    focal = held.focal
    asked = Identifier(focal.system, focal.value) if focal else None
    return Request(
        key=Key(focal.type, focal.system, focal.value) if focal else None,
        event=held.event,
        provider=held.provider,
        insurer=held.insurer,
        header_id=header_id,
        received_at=held.created_at,
        standing=_standing(held, answers),
        answers=[statement_of(one, asked, None) for one in answers],
        message=whole,
    )


def _standing(held: Exchange, answers: Sequence[Stated]) -> Standing:
    match held.state:
        case State.REFUSED:
            return Standing.REFUSED
        case State.CANCELLED:
            return Standing.CANCELLED
        case State.NULLIFIED:
            return Standing.NULLIFIED
        case State.ANSWERED:
            # An answer with outcome `error` says that the request never had any standing (spec §6.3).
            failed = (
                answers[-1].said.outcome in ("error", "failed")
                if answers
                else held.answered_by is Author.GATEWAY
            )
            return Standing.REFUSED if failed else Standing.ANSWERED
        case (
            State.UNCHECKED
            | State.HELD
            | State.IN_FLIGHT
            | State.UNCONFIRMED
            | State.AWAITING_CORRECTION
            | State.QUEUED
            | State.PARTIAL
            | State.GIVEN_UP  # whatever its provider was told, an answer that still comes counts
        ):
            return Standing.OPEN
    assert_never(held.state)


def statement_of(one: Stated, request: Identifier | None, whole: Envelope | None) -> Statement:
    said = one.said
    return Statement(
        key=Key(said.type, said.system, said.value) if said.type and said.system and said.value else None,
        event=said.event,
        insurer=said.insurer,
        provider=said.provider,
        header_id=one.message.header_id,
        received_at=one.message.received_at,
        request=request,
        outcome=said.outcome,
        adjudication=said.adjudication,
        authorization=said.authorization,
        created=said.created,
        amount=Decimal(said.amount) if said.amount else None,
        by_gateway=said.by_gateway,
        withdrawn_by=LicenceKind(said.withdrawn_by) if said.withdrawn_by else None,
        message=whole,
    )


def request_of_before(one: Imported) -> Request:
    key = Key(one.type, one.system, one.value)
    return Request(key, one.event, one.provider, one.insurer, "", _BEFORE, Standing(one.standing))


def statement_of_before(one: Imported) -> Statement:
    key = Key(one.type, one.system, one.value)
    return Statement(key, one.event, one.insurer, one.provider, "", _BEFORE)


# When exactly is not known of what was imported.
_BEFORE = datetime(1970, 1, 1, tzinfo=UTC)
