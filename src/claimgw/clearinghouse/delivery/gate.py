"""Does the lane of an insurer stand still, and why? What it holds waits together, and keeps its order."""

from claimgw.access.registry import Snapshot
from claimgw.clearinghouse.delivery.breakers import Breakers
from claimgw.store.breakers import Circuit


def shut(breakers: Breakers, registry: Snapshot, insurer: str) -> str | None:
    """The reason, for people, why nothing is sent there now; None if messages may go."""
    if (pause := registry.paused(insurer)) is not None:
        return f"delivery is paused: {pause.reason}"
    if (circuit := breakers.open(insurer, registry)) is not None:
        return taken_for_down(circuit)
    return None


def taken_for_down(circuit: Circuit) -> str:
    return f"taken for down since {circuit.since:%Y-%m-%d %H:%M} UTC: {circuit.reason}"
