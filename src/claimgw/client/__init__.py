"""How does a provider or an insurer talk to the gateway? The SDK."""

from claimgw.client.answers import Answer, Polled
from claimgw.client.app import Answers, InsurerApp, RecentAnswers
from claimgw.client.blocking import BlockingProviderClient
from claimgw.client.cases import Case
from claimgw.client.coverages import Aspect, Difference, coverages
from claimgw.client.decisions import Line, Ruling
from claimgw.client.delivered import DeliveredState
from claimgw.client.exchanges import (
    AnswerState,
    AttemptState,
    ExchangeState,
    OtherState,
    QuestionState,
    RepeatedState,
)
from claimgw.client.faults import (
    ClientFault,
    GatewayBusy,
    GatewayUnreachable,
    NotAMessage,
    NotAnAnswer,
    NotInTime,
    PollRefused,
    TooLarge,
)
from claimgw.client.follow import End, Happening, Step
from claimgw.client.gateway import Credentials, GatewayClient
from claimgw.client.money import Gap, Share, gap
from claimgw.client.notices import Attachment, communication, payment_notice
from claimgw.client.parties import Insurer, Provider
from claimgw.client.payments import Settled, payment_reconciliation
from claimgw.client.provider import ProviderClient
from claimgw.client.request import Cover, Request
from claimgw.client.tasks import CancelReason, cancel_request, poll_request, status_check
from claimgw.client.unfinished import Pending, PollFile, PollMemory, PollState
from claimgw.client.views import Decision, Done, Eligibility, Paid, Payment, Question, View
from claimgw.messages.findings import Finding
from claimgw.messages.identifiers import Identifier, Licence

__all__ = [
    "Answer",
    "AnswerState",
    "Answers",
    "Aspect",
    "Attachment",
    "AttemptState",
    "BlockingProviderClient",
    "CancelReason",
    "Case",
    "ClientFault",
    "Cover",
    "Credentials",
    "Decision",
    "DeliveredState",
    "Difference",
    "Done",
    "Eligibility",
    "End",
    "ExchangeState",
    "Finding",
    "Gap",
    "GatewayBusy",
    "GatewayClient",
    "GatewayUnreachable",
    "Happening",
    "Identifier",
    "Insurer",
    "InsurerApp",
    "Licence",
    "Line",
    "NotAMessage",
    "NotAnAnswer",
    "NotInTime",
    "OtherState",
    "Paid",
    "Payment",
    "Pending",
    "PollFile",
    "PollMemory",
    "PollRefused",
    "PollState",
    "Polled",
    "Provider",
    "ProviderClient",
    "Question",
    "QuestionState",
    "RecentAnswers",
    "RepeatedState",
    "Request",
    "Ruling",
    "Settled",
    "Share",
    "Step",
    "TooLarge",
    "View",
    "cancel_request",
    "communication",
    "coverages",
    "gap",
    "payment_notice",
    "payment_reconciliation",
    "poll_request",
    "status_check",
]
