"""Does the story come out as stated, and is it noticed if it does not?"""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from claimgw.cli.demo.case import chapters
from claimgw.cli.demo.claims import REQUESTS, Author
from claimgw.cli.demo.scenarios import SCENARIOS
from claimgw.cli.demo.stage import Stage
from claimgw.cli.demo.story import Scenario, Told, play
from claimgw.clock import SystemClock
from claimgw.conformance import Direction, check
from claimgw.errors import ClaimgwError
from claimgw.messages.envelope import Envelope, read
from tests.processes.running import until

pytestmark = pytest.mark.processes

COMMAND = [sys.executable, "-m", "claimgw", "demo"]


@pytest.mark.parametrize(
    ("options", "scenarios"), [((), SCENARIOS), (("--story",), chapters())], ids=["scenarios", "story"]
)
def test_everything_comes_out_as_stated(
    options: tuple[str, ...], scenarios: Sequence[Scenario], tmp_path: Path
) -> None:
    done = subprocess.run(
        [*COMMAND, *options, "--json", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    results = json.loads(done.stdout)
    assert [row["name"] for row in results if not row["as_stated"]] == []
    assert [row["name"] for row in results] == [scenario.name for scenario in scenarios]
    assert done.returncode == 0


def test_a_story_that_is_broken_off_fails_and_leaves_no_process(tmp_path: Path) -> None:
    log = tmp_path / "gateway.log"
    with subprocess.Popen(
        [*COMMAND, "--json", "--folder", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as playing:
        until(lambda: log.exists() and b"attempt settled" in log.read_bytes(), "the story has begun")
        playing.send_signal(signal.SIGTERM)
        output, _ = playing.communicate(timeout=30)
    assert playing.returncode == 1
    assert len(json.loads(output)) < len(SCENARIOS)
    assert not _writing_into(tmp_path)


def _writing_into(folder: Path) -> list[str]:
    """The processes whose output goes there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            output = (process / "fd" / "1").readlink()
        except OSError:
            continue  # it has ended meanwhile
        if output.is_relative_to(folder):
            found.append(process.name)
    return found


async def test_what_comes_otherwise_is_told_beside_what_was_expected() -> None:
    async def otherwise(_stage: Stage, told: Told) -> None:
        told("queued")
        raise ClaimgwError("not within 20 s: an answer can be polled")

    nowhere: Stage = object()  # type: ignore[assignment] # the scenario looks at nothing
    result = await play(Scenario("late", "queued → complete", otherwise), nowhere)
    assert not result.as_stated
    assert result.came == "queued → not within 20 s: an answer can be polled"


@pytest.mark.parametrize("name", REQUESTS)
def test_the_messages_of_the_story_are_sound_and_new_each_time(name: str) -> None:
    author = Author()
    first, second = author.message(name, "QUEUE-1"), author.message(name)
    assert first.header_id != second.header_id
    assert first.identifier.value.endswith("-QUEUE-1")
    envelope = read(first.raw)
    assert isinstance(envelope, Envelope)
    assert envelope.focal_identifier == first.identifier
    assert check(envelope, SystemClock().now(), direction=Direction.REQUEST) == []
