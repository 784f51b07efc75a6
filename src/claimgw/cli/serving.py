"""How is an app put on the network? uvicorn, with its sockets, TLS, signals and deadlines set here."""

import asyncio
import ctypes
import gc
import resource
import signal
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Any, TypeVar

import uvicorn

from claimgw.cli.session import Refusal
from claimgw.endpoint.peer import PeerProtocol
from claimgw.errors import ConfigurationError
from claimgw.settings import Settings

T = TypeVar("T")

# Names of settings in malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8

# What is under way when the process is told to stop gets so long; what cannot be finished by then needs the
# rest of ten seconds to be handed back.
_GRACEFUL_SECONDS = 8
# Longer than clients of httpx and aiohttp keep an idle connection, so that it is theirs to close.
_KEEP_ALIVE_SECONDS = 75
# Bytes of request line and headers.
_LARGEST_HEAD = 64 * 1024
# So often it is looked whether a body that comes slowly is held up by us.
_HELD_UP_SECONDS = 1.0


class PatientProtocol(PeerProtocol):
    """Ends connections that do not get on, in either direction: uvicorn alone waits for ever."""

    # From the connection, or the first byte, to the last: as long as a session lasts on the wire (spec §3.2).
    request_seconds = 60.0
    # The head comes within this time; a body may be late by as much, and then comes at least so fast.
    late_seconds = 10.0
    least_rate = 16 * 1024  # bytes a second
    # An answer that does not fit into the sockets may be held up for so long.
    unread_seconds = 60.0

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    # How much has come of the head that is awaited; None: it is there.
    _head: int | None = 0
    _body = 0
    _began = 0.0
    # So long it was we who did not read.
    _held_up = 0.0

    # asyncio declares the base of all transports here, and uvicorn the one that it is.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > _LARGEST_HEAD and not self.transport.is_closing():
                self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._head = None

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._body += len(body)

    def on_message_complete(self) -> None:
        self._relax()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        # What nobody has read of a body would be kept until the next request; one that waits behind this
        # answer is another.
        if self.cycle.response_complete:
            self.cycle.body = bytearray()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _expect(self) -> None:
        self._relax()
        self._head, self._body, self._began, self._held_up = 0, 0, self.loop.time(), 0.0
        self._deadline = self.loop.call_later(self.late_seconds, self._look)

    def _look(self) -> None:
        """Close the connection, or look again when what has come so far is not enough any more."""
        gone = self.loop.time() - self._began
        if self.flow.read_paused:
            self._held_up += _HELD_UP_SECONDS
        enough = self.late_seconds + self._held_up + self._body / self.least_rate
        left = min(enough, self.request_seconds) - gone
        if left <= 0:
            self.transport.close()
        else:
            self._deadline = self.loop.call_later(min(left, _HELD_UP_SECONDS), self._look)

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


def start(work: Coroutine[Any, Any, T]) -> T:
    """Run a server's coroutine on the loop uvicorn would choose: uvloop where there is one."""
    # A connection is an open file, and a process that does not ask for more may often have 1,024 of them.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    _give_memory_back()
    with asyncio.Runner(loop_factory=uvicorn.Config("", log_config=None).get_loop_factory()) as runner:
        return runner.run(work)


def _give_memory_back() -> None:
    """Let what was large go back to the system when it is freed; the GNU library keeps up to 32 MB of it."""
    with suppress(OSError, AttributeError, TypeError):  # there is another library, or none by that way
        library = ctypes.CDLL(None)
        for name, value in ((_MMAP_THRESHOLD, 256 * 1024), (_TRIM_THRESHOLD, 1024 * 1024), (_ARENA_MAX, 1)):
            library.mallopt(name, value)
