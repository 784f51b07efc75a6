"""When does one insurer count as down, and how fast may it be called? Settings of its lane."""

import math

from pydantic import BaseModel, ConfigDict, Field


class Breaker(BaseModel):
    """Times are seconds. Which endings of an attempt count as failures stands in docs/outcomes.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window_seconds: float = Field(60, gt=0, le=3600, description="endings older than this count no more")
    least_failures: int = Field(5, ge=1, le=1000, description="failures in the window before it opens")
    share: float = Field(0.5, gt=0, le=1, description="failures among all endings in the window, at least")
    probe_seconds: float = Field(
        30, gt=0, le=3600, description="between two looks whether the insurer is there again"
    )


class Rate(BaseModel):
    """All nodes together keep to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_second: float | None = Field(
        None, gt=0, le=10_000, description="messages a second in the long run; unset: no limit"
    )
    burst: int | None = Field(
        None, ge=1, le=10_000, description="messages at once after a rest; unset: those of one second"
    )

    @property
    def most(self) -> int:
        """Messages at once after a rest, of a rate that has a limit."""
        return self.burst or math.ceil(self.per_second or 1)
