"""How is an app put on the network? uvicorn, with its sockets, TLS, signals and deadlines set here."""

import asyncio
import gc
import signal
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import uvicorn

from claimgw.cli.session import Refusal
from claimgw.endpoint.peer import PeerProtocol
from claimgw.errors import ConfigurationError
from claimgw.settings import Settings

# What is under way when the process is told to stop gets so long; what cannot be finished by then needs the
# rest of ten seconds to be handed back.
_GRACEFUL_SECONDS = 8
# Longer than clients of httpx and aiohttp keep an idle connection, so that it is theirs to close.
_KEEP_ALIVE_SECONDS = 75


class PatientProtocol(PeerProtocol):
    """Ends connections whose request does not come to its end: uvicorn alone waits for ever."""

    # From the connection, or the first byte, to the last: as long as a session lasts on the wire (spec §3.2).
    request_seconds = 60.0

    _deadline: asyncio.TimerHandle | None = None

    # asyncio declares the base of all transports here, and uvicorn the one that it is.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect()

    def on_message_complete(self) -> None:
        self._relax()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._relax()
        self._deadline = self.loop.call_later(self.request_seconds, self.transport.close)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Listener:
    """A bound socket: a port in use is one clear sentence, and port 0 has its number before the start."""

    def __init__(self, host: str, port: int) -> None:
        try:
            family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            self.socket = socket.socket(family, kind, number)
        except OSError as fault:
            raise _refused(host, port, fault) from fault
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(address)
        except OSError as fault:
            self.socket.close()
            raise _refused(host, port, fault) from fault

    def url(self, scheme: str = "http") -> str:
        """The address to call."""
        host, port = self.socket.getsockname()[:2]
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _refused(host: str, port: int, fault: OSError) -> Refusal:
    return Refusal(f"cannot listen on {host}:{port}: {fault.strerror or fault}")


class Server(uvicorn.Server):
    """One listener. Signals are for whoever runs it: a process may have two, or none."""

    def __init__(self, config: uvicorn.Config, listener: Listener) -> None:
        super().__init__(config)
        self._listener = listener

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def run_until_stopped(self) -> None:
        """Serve; over once `stop` was called and what was under way has come to its end."""
        await self.serve([self._listener.socket])

    def stop(self) -> None:
        """Stop gracefully, in ten seconds at the most. Asking again does not make it quicker: uvicorn would
        then leave out the app's own end, and with it what is under way."""
        self.should_exit = True


class Gateway(Server):
    """The gateway's listener, and beside it the one of the figures if they have an address of their own."""

    def __init__(
        self,
        config: uvicorn.Config,
        listener: Listener,
        beside: Callable[[], Server] | None,
        close_down: Callable[[], None],
    ) -> None:
        super().__init__(config, listener)
        self._beside = beside
        self._close_down = close_down
        self._figures: tuple[Server, asyncio.Task[None]] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._beside is not None:
            figures = self._beside()
            self._figures = figures, asyncio.create_task(figures.run_until_stopped())
        # All that is loaded by now stays; the collector need not look at it again and again.
        gc.collect()
        gc.freeze()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._close_down()
        # The figures first: they read the database that the app closes when it stops.
        if self._figures is not None:
            figures, serving = self._figures
            figures.stop()
            await serving
        await super().shutdown(sockets)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def plain(app: Any, listener: Listener, *, lifespan: bool) -> Server:
    """A server of figures, or of the sandbox: no TLS, nothing waited for at the stop."""
    config = _config(app, lifespan="on" if lifespan else "off", timeout_graceful_shutdown=1)
    return Server(config, listener)


def gateway_config(app: Any, settings: Settings) -> uvicorn.Config:
    """As the settings say. Raises ConfigurationError if the TLS files cannot be used."""
    mutual = settings.tls_client_authority is not None
    config = _config(
        app,
        lifespan="on",
        timeout_graceful_shutdown=_GRACEFUL_SECONDS,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        ssl_ca_certs=settings.tls_client_authority,
        # Optional, because API keys are as good: who shows neither is turned away by the app.
        ssl_cert_reqs=ssl.CERT_OPTIONAL if mutual else ssl.CERT_NONE,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as fault:
        raise ConfigurationError(f"the TLS files cannot be used: {fault}") from fault
    return config


def _config(app: Any, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        proxy_headers=False,  # scope["client"] stays the socket's own peer
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        **more,
    )


@contextmanager
def on_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on SIGINT and SIGTERM instead of dying of them."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def start(work: Coroutine[Any, Any, None]) -> None:
    """Run a server's coroutine on the loop uvicorn would choose: uvloop where there is one."""
    with asyncio.Runner(loop_factory=uvicorn.Config("", log_config=None).get_loop_factory()) as runner:
        runner.run(work)
