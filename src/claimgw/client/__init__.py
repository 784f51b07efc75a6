"""How does a provider or an insurer talk to the gateway? The SDK."""

from claimgw.client.answers import Answer, Polled
from claimgw.client.faults import ClientFault, GatewayBusy, GatewayUnreachable, NotAnAnswer, PollRefused
from claimgw.client.gateway import Credentials, GatewayClient
from claimgw.client.parties import Provider
from claimgw.client.tasks import poll_request

__all__ = [
    "Answer",
    "ClientFault",
    "Credentials",
    "GatewayBusy",
    "GatewayClient",
    "GatewayUnreachable",
    "NotAnAnswer",
    "PollRefused",
    "Polled",
    "Provider",
    "poll_request",
]
