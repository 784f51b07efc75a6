"""How is an insurer with a $process-message endpoint reached? By HTTP POST, whose endings are told apart."""

from claimgw.clock import Clock
from claimgw.insurers.fhir_http.insurer import FhirHttpInsurer
from claimgw.insurers.spi import Adapter, Connection, Door


def adapter(connection: Connection, *, clock: Clock, door: Door) -> Adapter:
    """The adapter to that insurer; nothing is connected before the first delivery.

    `door` is not used: what this insurer starts by itself comes in by the gateway's own endpoint.
    Raises ConfigurationError when the address or a certificate file cannot be used.
    """
    return FhirHttpInsurer(connection, clock)
