"""Which figures does this process count? No label comes from the content of a message."""

from prometheus_client import CollectorRegistry, Counter, Histogram

registry = CollectorRegistry()

messages = Counter(
    "claimgw_messages",
    "Messages posted to the gateway, by event and by what became of them",
    ["event", "verdict"],
    registry=registry,
)
turned_away = Counter(
    "claimgw_turned_away",
    "Requests answered with 429 or 503 before they were read, by the bound that they met",
    ["bound"],
    registry=registry,
)
attempts = Counter(
    "claimgw_attempts",
    "Attempts to deliver, by insurer and by how they ended",
    ["insurer", "outcome"],
    registry=registry,
)
offered_again = Counter(
    "claimgw_offered_again",
    "Messages that a poll was given although another poll had them before",
    ["provider"],
    registry=registry,
)
session_seconds = Histogram(
    "claimgw_session_seconds",
    "Time from a request to its answer",
    ["event"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=registry,
)
