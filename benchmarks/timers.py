"""How long is the gateway in each step of a message's way? Timers around functions, for a while."""

import importlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

# The name of a step, and the function it begins and ends with, where its caller finds it.
STEPS = (
    ("between the steps", "claimgw.endpoint.process_message", "process"),
    ("open", "claimgw.clearinghouse.process", "open_message"),
    ("admit", "claimgw.clearinghouse.process", "admit"),
    ("look up", "claimgw.clearinghouse.process", "look_up"),
    ("check", "claimgw.clearinghouse.process", "judge"),
    ("record", "claimgw.clearinghouse.record", "accept"),
    ("forward", "claimgw.clearinghouse.delivery.deliver", "forward"),
    ("read the answer, and check it", "claimgw.clearinghouse.delivery.deliver", "interpret"),
    ("settle", "claimgw.clearinghouse.delivery.deliver", "settle_unchanged"),
    ("answer", "claimgw.clearinghouse.answer", "tagged"),
)


@dataclass(slots=True)
class _Span:
    """Time that was spent: passed, and worked."""

    passed: float = 0.0
    worked: float = 0.0

    def add(self, passed: float, worked: float) -> None:
        self.passed += passed
        self.worked += worked


class Timers:
    """Around the steps for as long as the block runs; production code knows nothing of them."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, _Span] = defaultdict(_Span)
        # What the steps inside the running one took. A task inherits it from the one that began it.
        self._inside: ContextVar[_Span | None] = ContextVar("inside", default=None)

    def forget(self) -> None:
        self.spent.clear()

    @contextmanager
    def around(self) -> Iterator[None]:
        with ExitStack() as stack:
            for name, module, function in STEPS:
                stack.enter_context(self._wrapped(name, importlib.import_module(module), function))
            yield

    @contextmanager
    def _wrapped(self, name: str, module: Any, function: str) -> Iterator[None]:
        inner = getattr(module, function)
        setattr(module, function, self._timed(name, inner))
        try:
            yield
        finally:
            setattr(module, function, inner)

    def _timed(self, name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        if iscoroutinefunction(inner):

            @wraps(inner)
            async def awaited(*given: Any, **named: Any) -> Any:
                with self._span(name):
                    return await inner(*given, **named)

            return awaited

        @wraps(inner)
        def called(*given: Any, **named: Any) -> Any:
            with self._span(name):
                return inner(*given, **named)

        return called

    @contextmanager
    def _span(self, name: str) -> Iterator[None]:
        outer, inside = self._inside.get(), _Span()
        token = self._inside.set(inside)
        passed, worked = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            passed, worked = time.perf_counter() - passed, time.thread_time() - worked
            self._inside.reset(token)
            self.spent[name].add(passed - inside.passed, worked - inside.worked)
            if outer is not None:
                outer.add(passed, worked)
