"""How does a program without an event loop use a provider's client? The same methods, waiting for each."""

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, Unpack

from claimgw.client.gateway import Credentials, Options
from claimgw.client.parties import Provider
from claimgw.client.provider import INTERVAL_SECONDS, ProviderClient
from claimgw.clock import Clock
from claimgw.messages.identifiers import Licence

P = ParamSpec("P")
R = TypeVar("R")


def _waiting(
    method: Callable[Concatenate[ProviderClient, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate["BlockingProviderClient", P], R]:
    @functools.wraps(method)
    def call(self: "BlockingProviderClient", /, *args: P.args, **named: P.kwargs) -> R:
        return self._run(method(self._client, *args, **named))

    return call


def _iterating(
    method: Callable[Concatenate[ProviderClient, P], AsyncIterator[R]],
) -> Callable[Concatenate["BlockingProviderClient", P], Iterator[R]]:
    @functools.wraps(method)
    def call(self: "BlockingProviderClient", /, *args: P.args, **named: P.kwargs) -> Iterator[R]:
        return self._each(method(self._client, *args, **named))

    return call


class BlockingProviderClient:
    """A ProviderClient for programs that are not async, for as long as the `with` block lasts.

    Takes what ProviderClient takes and has its methods, which run in a thread of its own.
    """

    def __init__(
        self,
        url: str,
        provider: Provider | Licence | str,
        credentials: Credentials | None = None,
        *,
        interval: float = INTERVAL_SECONDS,
        clock: Clock | None = None,
        **options: Unpack[Options],
    ) -> None:
        # Needs no loop before the first message, and may raise.
        self._client = ProviderClient(url, provider, credentials, interval=interval, clock=clock, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back, and end the thread."""
        try:
            self._run(self._client.close())
        finally:
            self._run(self._loop.shutdown_asyncgens())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    send = _waiting(ProviderClient.send)
    cancel = _waiting(ProviderClient.cancel)
    nullify = _waiting(ProviderClient.nullify)
    status = _waiting(ProviderClient.status)
    communicate = _waiting(ProviderClient.communicate)
    confirm_payment = _waiting(ProviderClient.confirm_payment)
    exchanges = _waiting(ProviderClient.exchanges)
    delivered = _iterating(ProviderClient.delivered)
    delivered_again = _waiting(ProviderClient.delivered_again)
    poll = _iterating(ProviderClient.poll)
    follow = _iterating(ProviderClient.follow)

    def _run(self, work: Coroutine[Any, Any, R]) -> R:
        done = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return done.result()
        except BaseException:
            # Interrupted here, it would go on there.
            done.cancel()
            raise

    def _each(self, values: AsyncIterator[R]) -> Iterator[R]:
        async def following() -> R | _Ended:
            return await anext(values, _Ended())

        while not isinstance(value := self._run(following()), _Ended):
            yield value


class _Ended:
    """Stands where no value came any more."""
