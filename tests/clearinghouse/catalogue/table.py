"""What shall come of every event in every situation? The table of docs/events.md, read off the spec.

Spec §1.3 (who, which way, may it wait), §3.3 (what goes wrong), §3.4 (copies), §5.1 (what is polled),
§6 (each event), §0.3 items 4, 5 and 12a. How a line is to be read is said in told.py and on the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.clearinghouse.catalogue.cells import Cell, Never, Situation

_ANSWERED, _UNREACHABLE, _SLOW, _INVALID, _DECLINED, _LATE, _COPY, _IN_FLIGHT = Situation
_SAME = "the same bytes"
_TAKEN = "gateway: acknowledgement ok"
_NO_SUCH_EVENT = "HTTP 403 BV-00545"  # an insurer does not begin with it

Cells = Mapping[Situation, Cell | Never]


@dataclass(frozen=True)
class Row:
    """`number` is that of spec §1.3. `name` begins with the event."""

    number: str
    name: str
    cells: Cells


def _eligibility() -> Cells:
    sent, away = "eligibility-request", "gateway: eligibility-response error ok GE-00012"
    copy = "gateway: eligibility-response error ok BV-00542"
    return {
        _ANSWERED: Cell("insurer: eligibility-response complete ok", sent, "answered"),
        _UNREACHABLE: Cell(away, "–", "answered"),
        _SLOW: Cell(away, sent, "in-flight → answered"),
        _INVALID: Cell(away, f"{sent}; error-notice BV-00247", "answered"),
        _DECLINED: Cell("gateway: eligibility-response error ok GE-00026", sent, "answered"),
        _LATE: Cell(away, sent, "answered", then=_NO_SUCH_EVENT),
        _COPY: Cell(_SAME, sent, "answered"),
        _IN_FLIGHT: Cell(copy, sent, "answered"),
    }


def _stored(sent: str, reply: str) -> Cells:
    """Claims and authorizations: what cannot be answered now is queued, and answered by poll."""
    queued, answer, own = f"gateway: {reply} queued ok", f"insurer: {reply} complete ok", f"insurer: {reply}"
    return {
        _ANSWERED: Cell(answer, sent, "answered"),
        _UNREACHABLE: Cell(queued, sent, "held → answered", answer),
        _SLOW: Cell(queued, sent, "in-flight → answered", answer),
        _INVALID: Cell(queued, f"{sent}; error-notice BV-00247", "awaiting-correction"),
        _DECLINED: Cell(f"gateway: {reply} error ok GE-00026", sent, "answered"),
        _LATE: Cell(queued, sent, "unconfirmed → answered", f"{own} complete", _TAKEN),
        _COPY: Cell(_SAME, sent, "answered"),
        _IN_FLIGHT: Cell(f"{queued} BV-00542", sent, "answered"),
    }


def _large() -> Cells:
    """Taken at once, checked afterwards; all else comes by poll, and a copy gets the newest answer."""
    sent, queued = "claim-request", "gateway: claim-response queued ok +large-claim"
    answer, own = "insurer: claim-response complete ok", "insurer: claim-response complete"
    noticed = f"{sent}; error-notice BV-00247"
    return {
        _ANSWERED: Cell(queued, sent, "unchecked → answered", answer),
        _UNREACHABLE: Cell(queued, sent, "unchecked → held → answered", answer),
        _SLOW: Cell(queued, sent, "unchecked → in-flight → answered", answer),
        _INVALID: Cell(queued, noticed, "unchecked → awaiting-correction"),
        _DECLINED: Cell(queued, sent, "unchecked → answered", "gateway: claim-response error ok GE-00026"),
        _LATE: Cell(queued, sent, "unchecked → unconfirmed → answered", own, _TAKEN),
        _COPY: Cell(f"{answer} +queued-messages", sent, "answered", answer),
        _IN_FLIGHT: Cell(queued, sent, "unchecked → answered", answer),
    }


def _batch() -> Cells:
    """Three claims: answered at once as queued, delivered one by one, the answers come by poll."""
    sent, inside = "3 × claim-request", "[3 × gateway: claim-response queued ok]"
    queued, answers = f"gateway: batch-response ok {inside}", "3 × insurer: claim-response complete ok"
    noticed, late = f"{sent}; 3 × error-notice BV-00247", "3 × insurer: claim-response complete"
    return {
        _ANSWERED: Cell(queued, sent, "held → answered", answers),
        _UNREACHABLE: Cell(queued, sent, "held → answered", answers),
        _SLOW: Cell(queued, sent, "held → in-flight → answered", answers),
        _INVALID: Cell(queued, noticed, "held → awaiting-correction"),
        _DECLINED: Cell(queued, sent, "held → answered", "3 × gateway: claim-response error ok GE-00026"),
        _LATE: Cell(queued, sent, "held → unconfirmed → answered", late, f"3 × {_TAKEN}"),
        _COPY: Cell(f"gateway: batch-response ok +queued-messages {inside}", sent, "answered", answers),
        _IN_FLIGHT: Cell(queued, sent, "held → answered", answers),
    }


def _cancellation(end: str) -> Cells:
    """Of a claim that the insurer has: he decides, and only he; what he says late comes by poll."""
    sent, answer = "cancel-request", "insurer: cancel-response completed ok"
    failed = "gateway: cancel-response failed fatal-error"
    stays, ends = "answered (target answered)", f"answered (target {end})"
    own = "insurer: cancel-response completed"
    return {
        _ANSWERED: Cell(answer, sent, ends),
        _UNREACHABLE: Cell(f"{failed} GE-00012", "–", stays),
        _SLOW: Cell(f"{failed} GE-00012", sent, f"in-flight (target answered) → {ends}", answer),
        _INVALID: Cell(f"{failed} GE-00012", f"{sent}; error-notice BV-00247", stays),
        _DECLINED: Cell(f"{failed} GE-00026", sent, stays),
        _LATE: Cell(f"{failed} GE-00012", sent, f"{stays} → {ends}", own, _TAKEN),
        _COPY: Cell(_SAME, sent, ends),
        _IN_FLIGHT: Cell(f"{failed} BV-00542", sent, ends),
    }


def _status() -> Cells:
    sent, failed = "status-check", "gateway: status-response failed fatal-error"
    return {
        _ANSWERED: Cell("insurer: status-response completed ok", sent, "answered"),
        _UNREACHABLE: Cell(f"{failed} GE-00012", "–", "answered"),
        _SLOW: Cell(f"{failed} GE-00012", sent, "in-flight → answered"),
        _INVALID: Cell(f"{failed} GE-00012", f"{sent}; error-notice BV-00247", "answered"),
        _DECLINED: Cell(f"{failed} GE-00026", sent, "answered"),
        _LATE: Cell(f"{failed} GE-00012", sent, "answered", then=_NO_SUCH_EVENT),
        _COPY: Cell(_SAME, sent, "answered"),
        _IN_FLIGHT: Cell(f"{failed} BV-00542", sent, "answered"),
    }


def _communication() -> Cells:
    """Stored like a claim; but an acknowledgement is never polled, nor sent by itself."""
    sent = "communication"
    return {
        _ANSWERED: Cell("insurer: acknowledgement ok", sent, "answered"),
        _UNREACHABLE: Cell(_TAKEN, sent, "held → answered"),
        _SLOW: Cell(_TAKEN, sent, "in-flight → answered"),
        _INVALID: Cell(_TAKEN, f"{sent}; error-notice BV-00247", "awaiting-correction"),
        _DECLINED: Cell("insurer: acknowledgement fatal-error GE-00026", sent, "answered"),
        _LATE: Cell(_TAKEN, sent, "unconfirmed", then=_NO_SUCH_EVENT),
        _COPY: Cell(_SAME, sent, "answered"),
        _IN_FLIGHT: Cell(_TAKEN, sent, "answered"),
    }


def _stops_here(hears: str, state: str) -> Cells:
    """What a provider asks the gateway itself."""
    nobody, at_once = Never("no insurer is called"), Never("it is answered at once")
    return {
        _ANSWERED: Cell(hears, "–", state),
        **dict.fromkeys((_UNREACHABLE, _SLOW, _INVALID, _DECLINED, _LATE), nobody),
        _COPY: Cell(_SAME, "–", state),
        _IN_FLIGHT: at_once,
    }


def _begun(mailbox: str, missing: str, state: str, before: str, not_late: str) -> Cells:
    """What an insurer sends by itself; `missing` is the code of the status that the wrong one lacks."""
    refused = f"gateway: acknowledgement fatal-error {missing}"
    mailed = Never("the provider is not called; its mailbox waits")
    return {
        _ANSWERED: Cell(_TAKEN, "–", state, mailbox),
        _UNREACHABLE: mailed,
        _SLOW: mailed,
        _INVALID: Cell(refused, "–", before),
        _DECLINED: mailed,
        _LATE: Never(not_late),
        _COPY: Cell(_SAME, "–", state, mailbox),
        _IN_FLIGHT: Never("it is acknowledged at once"),
    }


def _deferred(reply: str) -> Cells:
    return _begun(
        f"insurer: {reply} complete",
        "IC-00104",
        "(target answered)",
        "(target unconfirmed)",
        "it is the late answer",
    )


def _notice() -> Cells:
    """What the gateway sends of an answer that it cannot use; no provider hears of it."""
    sent, ours = "error-notice BV-00247", Never("only the gateway sends it")
    return {
        _ANSWERED: Cell("–", sent, "held → answered"),
        _UNREACHABLE: Cell("–", sent, "held → answered"),
        _SLOW: Cell("–", f"2 × {sent}", "held → unconfirmed → answered"),
        _INVALID: Cell("–", sent, "held → answered"),
        _DECLINED: Cell("–", sent, "held → answered"),
        _LATE: Never("an acknowledgement is never sent by itself"),
        _COPY: ours,
        _IN_FLIGHT: ours,
    }


_UNASKED = "it answers nothing"
_TARGET = "(target answered)"

TABLE = (
    Row("1", "eligibility-request", _eligibility()),
    Row("2", "priorauth-request", _stored("priorauth-request", "priorauth-response")),
    Row("3", "claim-request", _stored("claim-request", "claim-response")),
    Row("3", "claim-request, large", _large()),
    Row("4", "batch-request", _batch()),
    Row("5", "cancel-request of a claim", _cancellation("cancelled")),
    Row("5", "cancel-request of an authorization", _cancellation("cancelled")),
    Row("5", "cancel-request, to nullify", _cancellation("nullified")),
    Row("6", "status-check", _status()),
    Row("7", "communication, unsolicited", _communication()),
    Row("7", "communication, solicited", _communication()),
    Row("8", "payment-notice", _stops_here(_TAKEN, "answered")),
    Row("9", "poll-request", _stops_here("gateway: poll-response completed ok", "–")),
    Row("12", "priorauth-response, deferred", _deferred("priorauth-response")),
    Row("13", "claim-response, deferred", _deferred("claim-response")),
    Row(
        "15",
        "advanced-authorization",
        _begun("insurer: advanced-authorization complete", "IC-00104", "–", "–", _UNASKED),
    ),
    Row(
        "16",
        "communication-request",
        _begun("insurer: communication-request active", "IC-00129", _TARGET, _TARGET, _UNASKED),
    ),
    Row(
        "17",
        "payment-reconciliation",
        _begun("insurer: payment-reconciliation complete", "IC-00278", _TARGET, _TARGET, _UNASKED),
    ),
    Row("18", "error-notice", _notice()),
)
