"""What does one rule ask, where, how badly is it taken, and what does a breach look like?"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from rich.console import Console
from rich.syntax import Syntax

from claimgw.cli.demo.claims import examples_folder
from claimgw.cli.output import print_fields, print_json, print_line, print_table
from claimgw.clock import SystemClock
from claimgw.conformance import check
from claimgw.conformance.rulebook.coverage import Rule
from claimgw.conformance.rulebook.placements import Placement
from claimgw.conformance.rulebook.sentences import sentence
from claimgw.conformance.rulebook.spoilt import Change, Earlier, Spoilt, spoilt_examples
from claimgw.conformance.severity import Direction, Level, Line, day_of, defaults, direction_of
from claimgw.conformance.texts import english
from claimgw.messages.encode import encode
from claimgw.messages.envelope import Envelope, read
from claimgw.messages.findings import Finding, Severity

_MOST_LINES = 12
_STEP = re.compile(r"([A-Za-z0-9_]+)|\[([0-9]+)\]")


def print_rule(rule: Rule, as_json: bool) -> None:
    """Everything that is known of it; the example is really judged."""
    shown = next(iter(spoilt_examples(examples_folder(), rule.listed.code)), None)
    if as_json:
        print_json(_as_json(rule, shown))
        return
    print_fields(rule.listed.code, _fields(rule))
    if rule.placements:
        print_table("Where", ["element", "kind", "says", "profiles"], _where(rule.placements), "")
    for expression in dict.fromkeys(one.expression for one in rule.placements if one.expression):
        print_line("FHIRPath, true for a valid element:")
        print_line(f"  {expression}")
    if shown is not None:
        _show_example(shown)


def _fields(rule: Rule) -> Iterator[tuple[str, object]]:
    code = rule.listed.code
    yield "asks", sentence(rule) or None
    yield "element", rule.listed.element or None
    yield "status", rule.listed.status
    yield "needs", rule.listed.scope
    yield "state", f"{rule.state}: {rule.reason}" if rule.reason else rule.state
    if rule.program is not None:
        yield "judged by", f"claimgw.{rule.program.module}"
    elif rule.generic is not None:
        yield "judged by", "base FHIR R4"
    if (hint := _hint(rule)) is not None:
        yield "to mend it", f"{hint}."
    for direction, level in _levels(rule).items():
        yield f"in a {direction}" if direction is not Direction.ANSWER else "in an answer", level
    for line in _lines(code):
        yield "since", line
    yield "as changed", f"claimgw severity show {code}"


def _hint(rule: Rule) -> str | None:
    """What its findings advise; None: a rule in Python says it itself."""
    words, code = english(), rule.listed.code
    kinds = [one.kind for one in rule.placements] + ([rule.generic.kind] if rule.generic else [])
    told = words.codes.get(code) or (words.kinds.get(kinds[0]) if kinds else None)
    return words.hints.get(code) or (told.hint if told else None)


def _levels(rule: Rule) -> dict[Direction, str]:
    """How bad a breach is today."""
    one = Finding(rule.listed.code, "", "")
    for placement in rule.placements:
        # A constraint may itself be a warning only; and what profiles ask is taken less badly of insurers.
        one = replace(one, source=placement.profile, severity=Severity(placement.severity or one.severity))
    today = day_of(SystemClock().now())
    judged = {direction: defaults().judged(one, direction, today) for direction in Direction}
    return {direction: found.severity if found else Level.OFF for direction, found in judged.items()}


def _lines(code: str) -> Iterator[str]:
    """What is said of this very code with dates."""
    for line in defaults().shipped.get(code, ()):
        if line.first is not None or line.last is not None:
            yield _told(line)


def _told(line: Line) -> str:
    levels = set(line.levels.values())
    if levels == {Level.OFF} and line.first is None and line.last is not None:
        return str(line.last + timedelta(days=1))
    first = f" from {line.first}" if line.first else ""
    last = f" to {line.last}" if line.last else ""
    return f"{' / '.join(sorted(levels))}{first}{last}"


def _where(placements: Iterable[Placement]) -> list[tuple[object, ...]]:
    """A row for each element, kind and content, with the profiles that have it so."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in placements:
        found.setdefault((one.element, one.kind, _says(one)), []).append(f"{one.profile}|{one.version}")
    return [(*row, profiles) for row, profiles in found.items()]


def _says(one: Placement) -> str:
    match one.kind:
        case "cardinality":
            said = one.number
        case "type":
            said = ", ".join(one.types)
        case "reference":
            said = ", ".join(one.targets)
        case "binding":
            said = one.value_set
        case "length":
            arabic = f", {one.longest_arabic} in Arabic" if one.longest_arabic else ""
            said = f"{one.longest} characters{arabic}"
        case _:
            said = one.text
    return f"{said}; {one.stated} is given" if one.stated else said


def _show_example(shown: Spoilt) -> None:
    example = shown.example
    print_line(f"Example: {example.what} ({example.message}.json)")
    for earlier in (*(example.before or ()), *example.meanwhile):
        print_line(f"  after {earlier.message}.json")
        for change in earlier.patch:
            print_line(f"    {_operation(change)}")
    for change in (*example.given, *example.patch):
        print_line(f"  {_operation(change)}")
    if lines := _extract(shown.spoilt, example.expression):
        Console().print(Syntax("\n".join(lines), "json", background_color="default", word_wrap=True))
    for one in _judged(shown):
        print_line(f"  {one.severity} {one.code} at {one.path}: {one.text}.")
        print_line(f"  {one.hint}." if one.hint else "")


def _operation(change: Change) -> str:
    value = "" if change.op == "remove" else f" {_text(change.value, indent=0)}"
    return f"{change.op} {change.path}{value}"


def _judged(shown: Spoilt) -> list[Finding]:
    """What the check finds of it at the place of the example, all stages shown."""
    envelope = read(encode(shown.spoilt))
    if not isinstance(envelope, Envelope):
        return [envelope]
    now = datetime.fromisoformat(shown.example.received or shown.sound["timestamp"])
    memory = shown.memory(of_spoilt=True)
    found = check(envelope, now, direction=direction_of(envelope.event), all_stages=True, memory=memory)
    expected = (shown.example.code, shown.example.expression)
    return [one for one in found if (one.code, one.path) == expected]


def _extract(tree: Any, expression: str) -> list[str]:
    """A few lines of JSON at the place; none where it is empty."""
    node, name = tree, ""
    for key, index in list(_STEP.findall(expression))[1:]:
        if index and isinstance(node, list) and int(index) < len(node):
            node = node[int(index)]
        elif key and isinstance(node, dict) and (full := _key(node, key)) is not None:
            node, name = node[full], full
        else:
            return []
    lines = f'"{name}": {_text(node, indent=2)}'.splitlines()
    return lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], "  …"]


def _key(node: dict[str, Any], name: str) -> str | None:
    """The key of an element; FHIRPath says `value` where JSON has `valueMoney`."""
    return name if name in node else next((key for key in node if re.match(rf"{name}[A-Z]", key)), None)


def _text(value: Any, indent: int) -> str:
    """JSON with decimals as they were; without an indent on one line."""
    return msgspec.json.format(encode(value), indent=indent).decode()


def _as_json(rule: Rule, shown: Spoilt | None) -> dict[str, Any]:
    code = rule.listed.code
    return {
        "code": code,
        "status": rule.listed.status,
        "scope": rule.listed.scope,
        "element": rule.listed.element,
        "text": sentence(rule),
        "hint": _hint(rule),
        "state": rule.state,
        "reason": rule.reason,
        "judged_by": f"claimgw.{rule.program.module}" if rule.program else None,
        "severity": {direction.value: level for direction, level in _levels(rule).items()},
        "severity_lines": list(_lines(code)),
        "placements": [_filled(asdict(one).items()) for one in rule.placements],
        "example": _example_as_json(shown) if shown else None,
    }


def _filled(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in items if value not in ("", (), None)}


def _example_as_json(shown: Spoilt) -> dict[str, Any]:
    example = shown.example
    return {
        "what": example.what,
        "message": example.message,
        "before": [_earlier(one) for one in (*(example.before or ()), *example.meanwhile)],
        "given": _changes(example.given),
        "patch": _changes(example.patch),
        "findings": [asdict(one) for one in _judged(shown)],
    }


def _earlier(one: Earlier) -> dict[str, Any]:
    return {"message": one.message, "patch": _changes(one.patch)}


def _changes(changes: Iterable[Change]) -> list[Any]:
    return [json.loads(encode(_change(change))) for change in changes]


def _change(change: Change) -> dict[str, Any]:
    given = {"op": change.op, "path": change.path}
    return given if change.op == "remove" else {**given, "value": change.value}
