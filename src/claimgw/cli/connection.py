"""Which gateway does a command speak to, and as whom?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from claimgw.client import Credentials, GatewayClient, ProviderClient

Url = Annotated[
    str, typer.Option("--url", envvar="CLAIMGW_URL", metavar="URL", help="The gateway's base address.")
]
Key = Annotated[
    str | None,
    typer.Option("--key", envvar="CLAIMGW_KEY", metavar="KEY", help="The API key to come in with."),
]
Certificate = Annotated[
    Path | None,
    typer.Option("--certificate", exists=True, dir_okay=False, help="A client certificate, PEM."),
]
CertificateKey = Annotated[
    Path | None,
    typer.Option("--certificate-key", exists=True, dir_okay=False, help="Its private key, PEM."),
]
Authority = Annotated[
    Path | None,
    typer.Option("--authority", exists=True, dir_okay=False, help="Who vouches for the gateway, PEM."),
]
Tries = Annotated[
    int,
    typer.Option("--tries", min=1, help="How often to try while there is no answer, always the same bytes."),
]
DEFAULT_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Way:
    """What was typed about the way to the gateway."""

    url: str
    key: str | None
    certificate: Path | None
    certificate_key: Path | None
    authority: Path | None
    tries: int

    def client(self) -> GatewayClient:
        """Raises ConfigurationError if an address or a file cannot be used."""
        return GatewayClient(self.url, self._credentials, tries=self.tries)

    def provider(self, licence: str) -> ProviderClient:
        """The same for one provider. Raises as `client`."""
        return ProviderClient(self.url, licence, self._credentials, tries=self.tries)

    @property
    def _credentials(self) -> Credentials:
        return Credentials(self.key, self.certificate, self.certificate_key, self.authority)
