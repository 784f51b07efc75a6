"""How much memory do the processes of a gateway take together, at one moment and at the most?

They are forked from one, and share what none of them has changed since: the sum of what each can see counts
that once for each of them. The kernel divides a page among those that share it (Pss), so the Pss of all add
up to what there is. The most that each ever had is added up as well, without what it shares with the others:
no peak hides between two looks, and it is too much rather than too little, for their peaks differ in time.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Memory:
    """In MB. `together`: the most that all had at one moment. `most`: by generation (the gateway, those that
    it started, those that they did) the most that one of it had; `own`: the same without what is shared.
    """

    together: float = 0.0
    own: dict[int, float] = field(default_factory=dict)
    most: dict[int, float] = field(default_factory=dict)

    def look(self, pid: int) -> None:
        """At all processes of that family, now."""
        together = 0.0
        for generation, one in family(pid):
            try:
                now = _lines(Path(f"/proc/{one}/smaps_rollup")) | _lines(Path(f"/proc/{one}/status"))
                shared = now["Rss"] - now["Pss"]
            except (OSError, KeyError):  # it has just ended
                continue
            together += now["Pss"]
            self.most[generation] = max(self.most.get(generation, 0.0), now["VmHWM"])
            self.own[generation] = max(self.own.get(generation, 0.0), now["VmHWM"] - shared)
        self.together = max(self.together, together)


def family(pid: int) -> list[tuple[int, int]]:
    """The process, those that it started, and those that they did; before each its generation."""
    children: dict[int, list[int]] = {}
    for one in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = one.read_text().rpartition(") ")[2].split()
        except OSError:  # it has just ended
            continue
        children.setdefault(int(after_name[1]), []).append(int(one.parent.name))
    found = [(0, pid)]
    for generation, each in found:
        found += [(generation + 1, child) for child in children.get(each, ())]
    return found


def _lines(file: Path) -> dict[str, float]:
    """Its lines that end with kB, in MB."""
    parted = (line.split() for line in file.read_text().splitlines())
    return {words[0].rstrip(":"): int(words[1]) / 1024 for words in parted if words[-1:] == ["kB"]}
