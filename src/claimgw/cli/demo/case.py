"""How does one patient's case go, from the first question to the money? The chapters of examples/story."""

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from claimgw.cli.demo.claims import examples_folder
from claimgw.cli.demo.programs import Late
from claimgw.cli.demo.stage import FALCON, Stage
from claimgw.cli.demo.story import PATIENCE_SECONDS, Scenario, Told, words
from claimgw.client import (
    Answer,
    Attachment,
    Case,
    Decision,
    Eligibility,
    Identifier,
    Payment,
    Question,
    View,
    gap,
)
from claimgw.clock import SystemClock
from claimgw.ids import new_id

# What the shipped messages call the insurer's answers; the insurer of the stage names them otherwise.
_ELIGIBILITY = Identifier("http://falcon.example/identifiers/eligibility-response", "ER-2026-10-111")
_AUTHORIZATION = Identifier("http://falcon.example/identifiers/authorization-response", "AR-2026-10-55310")
_WANTED = "Report and picture of the scan, please."
_NUMBER = "FAL-PA-2026-10110"
# What the provider calls its own: each run has others.
_OWN = (
    "ELG-2026-10110",
    "ELG-2026-10111",
    "AUT-2026-10110",
    "CLM-2026-10110",
    "EPI-2026-10110",
    "INV-2026-10110",
    "ENC-2026-10110",
)


@dataclass
class _Life:
    """What is known of the case so far: what the next chapter needs of those before."""

    run: str
    # What stands in the shipped messages, and what stands there instead.
    changes: dict[str, str] = field(default_factory=dict)
    claim: bytes = b""
    question: Answer | None = None
    payment: Payment | None = None

    def message(self, name: str, ending: str = "") -> bytes:
        """A message of the shipped story under new ids, quoting what the insurer really said."""
        raw = (examples_folder() / "story" / f"{name}.json").read_bytes()
        tree = json.loads(raw)
        now = SystemClock().now()
        # Replaced in the text: to write the tree out again would lose the zeros of 100.00.
        changes = {tree["id"]: new_id(now), tree["entry"][0]["resource"]["id"]: new_id(now)}
        changes |= {known: f"{known}-{self.run}{ending}" for known in _OWN} | self.changes
        for old, new in changes.items():
            raw = raw.replace(old.encode(), new.encode())
        return raw

    def quote(self, known: Identifier, said: Answer) -> None:
        """From now on what the insurer said is quoted by its own identifier."""
        named = said.envelope.focal_identifier if said.envelope else None
        assert named is not None, "the answer has no identifier"
        self.changes |= {known.system: named.system, known.value: named.value}

    @property
    def case(self) -> Case:
        """Raises NotAMessage before there is a claim."""
        return Case.of(self.claim)


_T = TypeVar("_T")
_Chapter = Callable[[_Life, Stage, Told], Awaitable[None]]


def chapters() -> list[Scenario]:
    """The chapters in their order; each builds on those before."""
    # The end of an id is random; its beginning is the time.
    life = _Life(new_id(SystemClock().now())[-6:].upper())
    return [_chapter(life, name, expected, tell) for name, expected, tell in _CHAPTERS]


def _chapter(life: _Life, name: str, expected: str, tell: _Chapter) -> Scenario:
    async def play(stage: Stage, told: Told) -> None:
        await tell(life, stage, told)

    return Scenario(name, expected, play)


async def _discovery(life: _Life, stage: Stage, told: Told) -> None:
    answer = await stage.hospital.send(life.message("01-discovery-request"))
    told(_eligible(answer))
    covers = (
        [entry for entry in answer.envelope.entries if entry.type == "Coverage"] if answer.envelope else []
    )
    told(f"{len(covers)} policy found")


async def _eligibility(life: _Life, stage: Stage, told: Told) -> None:
    answer = await stage.hospital.send(life.message("03-eligibility-request"))
    told(_eligible(answer))
    life.quote(_ELIGIBILITY, answer)


async def _authorization(life: _Life, stage: Stage, told: Told) -> None:
    answer = await stage.hospital.send(life.message("05-priorauth-request"))
    told(words(answer))
    decision = answer.view
    assert isinstance(decision, Decision)
    life.quote(_AUTHORIZATION, answer)
    life.changes[_NUMBER] = decision.authorization or ""


async def _claim(life: _Life, stage: Stage, told: Told) -> None:
    life.claim = life.message("07-claim-request", "-PARTIAL")
    answer = await stage.hospital.send(life.claim)
    told(words(answer))
    told(_shares(life, answer))


async def _question(life: _Life, stage: Stage, told: Told) -> None:
    asked = {"claim": life.case.identifier.value, "text": _WANTED}
    await stage.order(FALCON, "ask", asked)
    life.question = await _next(life, stage, Question)
    question = life.question.view
    assert isinstance(question, Question)
    told(f"polled: {life.question.event}, “{question.texts[0]}”")


async def _communication(life: _Life, stage: Stage, told: Told) -> None:
    question = _had(life.question, "the question")
    answer = await stage.hospital.communicate(question.case, *_documents(), reason="missing-attach")
    told(f"PDF and JPEG sent: {words(answer)}")


async def _decided_anew(life: _Life, stage: Stage, told: Told) -> None:
    answer = await _next(life, stage, Decision)
    decision = answer.view
    assert isinstance(decision, Decision)
    told(f"polled: {words(answer)}, reissued for {decision.reissue}")
    told(_shares(life, answer))


async def _paid(life: _Life, stage: Stage, told: Told) -> None:
    await stage.order(FALCON, "pay", {})
    answer = await _next(life, stage, Payment)
    assert isinstance(answer.view, Payment)
    life.payment = answer.view
    told(f"polled: {life.payment.amount} SAR for {len(life.payment.details)} claim")


async def _confirmed(life: _Life, stage: Stage, told: Told) -> None:
    payment = _had(life.payment, "the payment")
    identifier, amount = _had(payment.identifier, "its identifier"), _had(payment.amount, "its amount")
    today = SystemClock().now().date()
    told(words(await stage.hospital.confirm_payment(identifier, amount, today)))
    left = [answer async for answer in stage.hospital.poll()]
    told(f"{len(left)} left in the mailbox")


async def _next(life: _Life, stage: Stage, kind: type[View]) -> Answer:
    """The next message about the claim that is of that kind. Raises Late."""
    about = life.case.identifier
    async for answer in stage.hospital.poll(wait=PATIENCE_SECONDS, about=about):
        if isinstance(answer.view, kind):
            return answer
    raise Late(f"not within {PATIENCE_SECONDS:g} s: a {kind.__name__.lower()} about the claim")


def _had(found: _T | None, what: str) -> _T:
    """What an earlier chapter brought. Raises Late if it went otherwise."""
    if found is None:
        raise Late(f"{what} never came: an earlier chapter went otherwise")
    return found


def _eligible(answer: Answer) -> str:
    found = answer.view
    site = found.site if isinstance(found, Eligibility) else "nothing"
    return f"{words(answer)}: {site}"


def _shares(life: _Life, answer: Answer) -> str:
    assert answer.envelope is not None
    shares = gap(life.claim, answer.envelope)
    return f"insurer {shares.benefit}, patient {shares.patient} SAR"


def _documents() -> list[Attachment]:
    """Those of the shipped communication."""
    tree = json.loads((examples_folder() / "story" / "11-communication.json").read_bytes())
    resource = next(
        one["resource"] for one in tree["entry"] if one["resource"]["resourceType"] == "Communication"
    )
    found = [row["contentAttachment"] for row in resource["payload"] if "contentAttachment" in row]
    return [
        Attachment(
            base64.b64decode(one["data"]),
            one["title"],
            date.fromisoformat(one["creation"][:10]),
            one["contentType"],
        )
        for one in found
    ]


_CHAPTERS: tuple[tuple[str, str, _Chapter], ...] = (
    ("who insures her?", "complete from INS-2001: eligible → 1 policy found", _discovery),
    ("does the policy pay?", "complete from INS-2001: eligible", _eligibility),
    ("may we do it?", "complete, approved from INS-2001", _authorization),
    ("the claim", "complete, partial from INS-2001 → insurer 1887.30, patient 298.70 SAR", _claim),
    ("the insurer asks", f"polled: communication-request, “{_WANTED}”", _question),
    ("the hospital answers", "PDF and JPEG sent: ok from INS-2001", _communication),
    (
        "decided anew",
        "polled: complete, approved from INS-2001, reissued for adjudication"
        " → insurer 2007.30, patient 178.70 SAR",
        _decided_anew,
    ),
    ("the payment", "polled: 1987.23 SAR for 1 claim", _paid),
    ("the money is there", "ok from the gateway → 0 left in the mailbox", _confirmed),
)
