"""How does an insurer behave? This one adjudicates, and pends or misbehaves on request."""

from claimgw.clock import Clock
from claimgw.insurers.sandbox.in_process import InProcess
from claimgw.insurers.spi import Adapter, Connection, Door

__all__ = ["adapter"]


def adapter(connection: Connection, *, clock: Clock, door: Door) -> Adapter:
    """The sandbox as an insurer of this process; what it starts by itself goes through `door`."""
    return InProcess(connection, clock=clock, door=door)
