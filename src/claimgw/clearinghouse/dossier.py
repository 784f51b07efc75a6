"""What has become of a request, all told: what it is about, every answer, what is still open?"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from claimgw.clearinghouse.delivery.outcomes import MEANING, Arrived
from claimgw.clearinghouse.repeated_services import repeated_services
from claimgw.clearinghouse.stated import reissue
from claimgw.conformance.history.duplicates import Duplicate
from claimgw.messages.envelope import Envelope, read
from claimgw.store import Unit, cases, exchanges, messages, relations, statements
from claimgw.store.cases import Eyes
from claimgw.store.records import WITHDRAWN, Attempt, Author, Exchange, State
from claimgw.store.relations import Relation
from claimgw.store.statements import Stated

_NOWHERE = frozenset(outcome.value for outcome, meaning in MEANING.items() if meaning.arrived is Arrived.NO)
# A digest of a person's number, and what the invoices say already.
_UNSHOWN = frozenset({"patient", "service"})
# Of what was said in answer to one question, the newest are looked at.
_MOST_SAID = 20


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as the provider was given it. `reissue`: why it was given again.

    `mailed`: a mailbox has it or had it, otherwise it was given in a session; `polled_at`: when it was
    fetched; `gone_at`: when its bytes were deleted.
    """

    stated: Stated
    reissue: str | None
    mailed: bool
    polled_at: datetime | None
    gone_at: datetime | None = None

    @property
    def by(self) -> Author:
        return Author.GATEWAY if self.stated.said.by_gateway else Author.INSURER


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is on record of one request.

    `header_id` is the MessageHeader.id it came under, `batch` that of the batch it came in. `about`: the
    earlier request that it is about; `followers`: those about it. `answers` are in the order they came,
    `questions` those of the insurer that no communication has answered. `repeated`: its services that stand
    in another live claim under the same patient invoice. `gone_at`: when its bytes were deleted.
    """

    exchange: Exchange
    header_id: str
    batch: str | None
    attempts: Sequence[Attempt]
    about: Exchange | None
    followers: Sequence[Exchange]
    relations: Sequence[Relation]
    answers: Sequence[Given]
    questions: Sequence[Stated]
    repeated: Sequence[Duplicate]
    gone_at: datetime | None = None

    @property
    def cancelled_by(self) -> Exchange | None:
        """The request that took it back."""
        made = [
            one for one in self.followers if one.event == "cancel-request" and one.state is State.ANSWERED
        ]
        return made[-1] if made and self.exchange.state in WITHDRAWN else None


def eyes_of(licences: Collection[str]) -> Eyes:
    """Those of somebody who speaks for these."""
    return Eyes(licences, _NOWHERE)


async def dossiers(unit: Unit, found: Sequence[Exchange]) -> list[Dossier]:
    """Of each of these, in their order; by as many queries whatever their number."""
    ids = [one.id for one in found]
    about = {one.id: one for one in await exchanges.find_all(unit, _each(one.about_id for one in found))}
    headers = await messages.header_ids(unit, _each((*ids, *(one.batch_id for one in found))))
    tries, followers = await cases.attempts(unit, ids), await cases.followers(unit, ids)
    named, asked = await relations.of_exchanges(unit, ids), await cases.questions(unit, ids)
    answers = await _answers(unit, ids)
    repeated, gone = await repeated_services(unit, found, named), await messages.gone(unit, ids)
    return [
        Dossier(
            exchange=one,
            header_id=headers.get(one.id, ""),
            batch=headers.get(one.batch_id or ""),
            attempts=tries.get(one.id, []),
            about=about.get(one.about_id or ""),
            followers=followers.get(one.id, []),
            relations=sorted(rel for rel in named.get(one.id, ()) if rel[0] not in _UNSHOWN),
            answers=answers.get(one.id, []),
            questions=await _still_open(unit, one.provider, asked.get(one.id, [])),
            repeated=repeated.get(one.id, ()),
            gone_at=gone.get(one.id),
        )
        for one in found
    ]


def _each(ids: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(one for one in ids if one))


async def _answers(unit: Unit, ids: Sequence[str]) -> dict[str, list[Given]]:
    said = await statements.of_exchanges(unit, ids)
    # The first answer to a request is none that is given again.
    later = [one.said.message_id for several in said.values() for one in several[1:]]
    bodies = await messages.contents(unit, later)
    each = [one.said.message_id for one in chain.from_iterable(said.values())]
    mailed, gone = await cases.mailed(unit, each), await messages.gone(unit, each)
    return {
        exchange_id: [_given(one, bodies, mailed, gone) for one in several]
        for exchange_id, several in said.items()
    }


def _given(
    one: Stated,
    bodies: Mapping[str, bytes],
    mailed: Mapping[str, datetime | None],
    gone: Mapping[str, datetime],
) -> Given:
    message_id = one.said.message_id
    whole = read(bodies[message_id]) if message_id in bodies else None
    focal = whole.focal if isinstance(whole, Envelope) else None
    return Given(
        one,
        reissue(focal.resource) if focal else None,
        message_id in mailed,
        mailed.get(message_id),
        gone.get(message_id),
    )


async def _still_open(unit: Unit, provider: str, asked: Sequence[Stated]) -> list[Stated]:
    """Those that no communication has answered which stands, or is on its way."""
    keys = [("answers", one.said.system or "", one.said.value or "") for one in asked]
    told = await relations.naming(unit, provider, keys, most=_MOST_SAID * len(keys))
    answered = {key for key, communication, _ in told if _stands(communication)}
    return [one for one, key in zip(asked, keys, strict=True) if key not in answered]


def _stands(communication: Exchange) -> bool:
    declined = communication.state is State.ANSWERED and communication.answered_by is Author.GATEWAY
    return communication.state not in (State.REFUSED, State.GIVEN_UP) and not declined
