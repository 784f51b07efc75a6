"""Can the insurer have it now? Never raises: one reply of the adapter's closed set."""

from claimgw.access.participants import Participant
from claimgw.clearinghouse.aside import aside
from claimgw.clearinghouse.parts import Parts
from claimgw.insurers.spi import NotSent, NotSentFault, Reply


async def forward(parts: Parts, insurer: Participant | None, raw: bytes) -> Reply:
    """Hand over the bytes as they came, within the insurer's own limit."""
    if insurer is None or insurer.blocked:
        return NotSent(NotSentFault.PAUSED, "the insurer is not registered, or is blocked")
    snapshot = await parts.registry.current()
    if pause := snapshot.paused(insurer.licence):
        return NotSent(NotSentFault.PAUSED, pause.reason)
    line = parts.lines.line(insurer)
    if line is None:
        return NotSent(NotSentFault.PAUSED, "the insurer has no connection")
    with aside():
        return await line.deliver(raw, seconds=insurer.settings.answer_seconds)
