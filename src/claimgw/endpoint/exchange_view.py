"""What is a caller told of one exchange? The models of GET /exchanges, and how they are filled."""

from collections.abc import Collection
from datetime import datetime

from pydantic import BaseModel

from claimgw.clearinghouse.dossier import Dossier, Given
from claimgw.clearinghouse.words import STANDING
from claimgw.conformance.history.duplicates import Duplicate
from claimgw.store.records import Attempt, Exchange
from claimgw.store.statements import Stated


class AttemptView(BaseModel):
    """One try to deliver; without `ended` it is open, and it is unknown whether it arrived."""

    number: int
    began: datetime
    ended: datetime | None
    outcome: str | None


class NamedView(BaseModel):
    """A business identifier."""

    system: str
    value: str


class OtherView(BaseModel):
    """Another request of the same case."""

    id: str
    event: str
    identifier: NamedView | None
    state: str
    received: datetime


class AnswerView(BaseModel):
    """One answer, as the provider was given it. `amount` is the total of `benefit`, as it was written.

    `reissue` is the code of why it was given again, `by` insurer or gateway. `given`: `session` if no mailbox
    had it, `waiting` if it waits there, `fetched` if it was polled; not told to insurers. `content_deleted`:
    when what it says was deleted.
    """

    event: str
    identifier: NamedView | None
    header: str
    by: str
    received: datetime
    created: str | None
    outcome: str | None
    adjudication: str | None
    authorization: str | None
    amount: str | None
    reissue: str | None
    given: str | None
    content_deleted: datetime | None


class QuestionView(BaseModel):
    """What the insurer asked, and no communication has answered yet."""

    identifier: NamedView | None
    header: str
    asked: datetime


class RepeatedView(BaseModel):
    """A service that another live claim has too. `item` counts from 0, `header` is the other claim's."""

    item: int
    service: NamedView
    invoice: NamedView
    claim: NamedView
    header: str


class ExchangeView(BaseModel):
    """Where a request stands, why it waits and when it is tried again; `meaning` says the state in words.

    `about` is the earlier request it is about, `followed_by` those about it, `cancelled_by` the id of the one
    that took it back. `batch` is the MessageHeader.id of the batch it came in. `relations` are the
    identifiers it names, by kind: episode, invoice, encounter, batch, prior, related, authorization, answers.
    `content_deleted` is when what it says was deleted; that it came, and what became of it, stays.
    """

    id: str
    event: str
    header: str
    provider: str
    insurer: str
    identifier: str | None
    system: str | None
    state: str
    meaning: str
    reason: str
    received: datetime
    changed: datetime
    next_attempt: datetime | None
    answered_by: str | None
    attempts: list[AttemptView]
    about: OtherView | None
    followed_by: list[OtherView]
    cancelled_by: str | None
    batch: str | None
    relations: dict[str, list[NamedView]]
    answers: list[AnswerView]
    open_questions: list[QuestionView]
    repeated_services: list[RepeatedView]
    content_deleted: datetime | None


def exchange_view(
    dossier: Dossier, licences: Collection[str], seen: Collection[str], next_attempt: datetime | None
) -> ExchangeView:
    """What somebody with these licences may know of it; of other requests only those whose id is in `seen`.

    An insurer is not told what passes between provider and gateway.
    """
    held, sent = dossier.exchange, dossier.exchange.provider in licences
    about, taken_back = dossier.about, dossier.cancelled_by
    return ExchangeView(
        id=held.id,
        event=held.event,
        header=dossier.header_id,
        provider=held.provider,
        insurer=held.insurer,
        identifier=held.focal.value if held.focal else None,
        system=held.focal.system if held.focal else None,
        state=held.state.value,
        meaning=STANDING[held.state],
        reason=held.reason,
        received=held.created_at,
        changed=held.changed_at,
        next_attempt=next_attempt,
        answered_by=held.answered_by.value if held.answered_by else None,
        attempts=[_attempt(made) for made in dossier.attempts],
        about=_other(about) if about and about.id in seen else None,
        followed_by=[_other(one) for one in dossier.followers if one.id in seen],
        cancelled_by=taken_back.id if taken_back and taken_back.id in seen else None,
        batch=dossier.batch if sent else None,
        relations=_relations(dossier),
        answers=[
            _answer(one, sent=sent) for one in dossier.answers if sent or not one.stated.said.by_gateway
        ],
        open_questions=[_question(one) for one in dossier.questions],
        repeated_services=[_repeated(one) for one in dossier.repeated] if sent else [],
        content_deleted=dossier.gone_at,
    )


def _attempt(made: Attempt) -> AttemptView:
    return AttemptView(number=made.number, began=made.opened_at, ended=made.closed_at, outcome=made.outcome)


def _other(held: Exchange) -> OtherView:
    focal = held.focal
    return OtherView(
        id=held.id,
        event=held.event,
        identifier=NamedView(system=focal.system, value=focal.value) if focal else None,
        state=held.state.value,
        received=held.created_at,
    )


def _relations(dossier: Dossier) -> dict[str, list[NamedView]]:
    found: dict[str, list[NamedView]] = {}
    for kind, system, value in dossier.relations:
        found.setdefault(kind, []).append(NamedView(system=system, value=value))
    return found


def _answer(given: Given, *, sent: bool) -> AnswerView:
    said = given.stated.said
    return AnswerView(
        event=said.event,
        identifier=_named(given.stated),
        header=given.stated.message.header_id,
        by=given.by.value,
        received=given.stated.message.received_at,
        created=said.created,
        outcome=said.outcome,
        adjudication=said.adjudication,
        authorization=said.authorization,
        amount=said.amount,
        reissue=given.reissue,
        given=_way(given) if sent else None,
        content_deleted=given.gone_at,
    )


def _way(given: Given) -> str:
    if not given.mailed:
        return "session"
    return "waiting" if given.polled_at is None else "fetched"


def _question(asked: Stated) -> QuestionView:
    return QuestionView(
        identifier=_named(asked), header=asked.message.header_id, asked=asked.message.received_at
    )


def _named(stated: Stated) -> NamedView | None:
    said = stated.said
    return NamedView(system=said.system, value=said.value) if said.system and said.value else None


def _repeated(one: Duplicate) -> RepeatedView:
    system, code = one.service
    return RepeatedView(
        item=one.item,
        service=NamedView(system=system, value=code),
        invoice=NamedView(system=one.invoice.system, value=one.invoice.value),
        claim=NamedView(system=one.claim.system, value=one.claim.value),
        header=one.header_id,
    )
