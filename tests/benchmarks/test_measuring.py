"""Does a benchmark send what it says, notice a wrong answer, and give its figures?"""

import importlib
import json
import subprocess
import sys
from typing import Any

import pytest

from benchmarks.load import Order
from benchmarks.messages import POLLED, Sent, answers, number_of, numbers, template
from benchmarks.processor import resident, seconds_used
from benchmarks.round import ordered
from benchmarks.stage import insurer
from benchmarks.timers import STEPS
from benchmarks.validate import RECEIVED, judge
from claimgw.conformance import Direction, check
from claimgw.messages.envelope import Envelope, read

QUICK = ["--seconds", "0.2", "--rounds", "1", "--connections", "2", "--database", "SQLite"]


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The sheets of a short run by their names."""
    file = tmp_path_factory.mktemp("bench") / "figures.json"
    only = ["--only", "real-time"]
    # It fails if one answer is not the insurer's to that very claim.
    command = [sys.executable, "-m", "benchmarks", *only, *QUICK, "--json", str(file)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {sheet["name"]: sheet for sheet in json.loads(file.read_text())}


@pytest.mark.processes
def test_all_contenders_are_measured_in_one_run(figures: dict[str, Any]) -> None:
    full, half = figures["real-time"], figures["half-load"]
    assert [row[0] for row in full["rows"]] == ["claimgw, SQLite", "floor, SQLite", "usual, SQLite"]
    assert [row[0] for row in half["rows"]] == ["claimgw, SQLite", "floor, SQLite"]
    assert all(figure > 0 for row in full["rows"] for figure in row[1:4])


@pytest.mark.processes
def test_every_figure_has_its_ratio_and_its_goal(figures: dict[str, Any]) -> None:
    goals = {goal["name"]: goal["value"] for goal in figures["real-time"]["goals"]}
    assert len(goals) == 5
    assert goals["SQLite: share of the floor"] > 0
    assert goals["SQLite: times the usual stack"] > 0


@pytest.mark.parametrize(("name", "module", "function"), STEPS)
def test_the_steps_that_are_timed_are_there(name: str, module: str, function: str) -> None:
    assert callable(getattr(importlib.import_module(module), function)), name


def test_claims_are_sound_and_differ_in_all_that_is_their_own() -> None:
    claims, some = template(Sent.CLAIM), numbers(7)
    first, second = claims.numbered(next(some)), claims.numbered(next(some))
    assert judge(first) == judge(second) == 0
    read_ = [read(raw) for raw in (first, second)]
    assert all(isinstance(one, Envelope) for one in read_)
    one, other = read_
    assert isinstance(one, Envelope)
    assert isinstance(other, Envelope)
    assert one.bundle_id != other.bundle_id
    assert one.header_id != other.header_id
    assert one.focal_identifier != other.focal_identifier


def test_the_insurer_answers_the_claim_it_was_sent() -> None:
    claim = template(Sent.CLAIM).numbered(next(numbers(3)))
    asked, answer = read(claim), read(answers().numbered(number_of(claim)))
    assert isinstance(asked, Envelope)
    assert isinstance(answer, Envelope)
    assert answer.responds_to == asked.header_id
    assert answer.request_identifier == asked.focal_identifier
    assert check(answer, RECEIVED, direction=Direction.ANSWER) == []


def test_an_answer_that_is_not_the_right_one_ends_the_benchmark() -> None:
    with insurer() as url:
        order = Order([url], "no-key", 2, 5, 1, most=10)
        assert ordered(order).claims == 10
        with pytest.raises(RuntimeError, match="10 of 10 answers were not right"):
            ordered(Order([url], "no-key", 2, 5, 1, proof=POLLED, most=10))


def test_processor_time_and_memory_are_those_of_a_process_and_its_children() -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    running = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE)
    try:
        assert resident([running.pid]) > 1_000_000
        assert seconds_used([running.pid]) >= 0
    finally:
        running.communicate(b"\n")
    assert seconds_used([running.pid]) == 0
