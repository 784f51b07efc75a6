"""How is a verdict shown to people: each fault at its place in the file, and a summary?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from claimgw.cli.excerpts import Excerpt
from claimgw.cli.judging import Judged
from claimgw.cli.output import print_line, print_table
from claimgw.cli.send import STDIN
from claimgw.conformance import Verdict
from claimgw.messages.findings import Finding, Severity

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFORMATION: "cyan"}
_CUT = "…"
_NARROWEST = 20  # cells for text, however narrow the terminal says it is
_MOST_CODES = 20


def show(judged: Sequence[Judged]) -> None:
    """The file's own text goes to the operator's own terminal; what is said of it quotes nothing."""
    console = Console(highlight=False)
    for one in judged:
        _show_file(console, one, with_notes=len(judged) == 1)
    if len(judged) > 1:
        _show_files(judged)
        _show_codes(judged)
    refused = sum(one.verdict is not None and not one.valid for one in judged)
    unread = sum(one.verdict is None for one in judged)
    sound = len(judged) - refused - unread
    more = f", {unread} cannot be read" if unread else ""
    print_line(f"{sound} of {len(judged)} would be accepted, {refused} refused{more}.")


def _show_file(console: Console, one: Judged, *, with_notes: bool) -> None:
    if one.verdict is None:
        console.print(Text.assemble(("error", "bold red"), f" {one.unread}"), soft_wrap=True)
        console.print()
        return
    told = [
        (found, excerpt)
        for found, excerpt in zip(one.verdict.findings, one.excerpts, strict=True)
        if with_notes or found.severity is not Severity.INFORMATION
    ]
    if told:
        name = "standard input" if one.file == STDIN else one.file
        console.print(Text.assemble((name, "bold"), f": {_counted(one.verdict)}"), soft_wrap=True)
        console.print()
    for found, excerpt in told:
        _show_finding(console, one.file, found, excerpt)
    if number := sum(one.verdict.more.values()):
        console.print(f"{number} more are not listed.\n")


def _counted(verdict: Verdict) -> str:
    counts = (verdict.errors, "error"), (verdict.warnings, "warning"), (verdict.information, "note")
    return ", ".join(f"{count} {name}{'s' * (count > 1)}" for count, name in counts if count)


def _show_finding(console: Console, file: str, found: Finding, excerpt: Excerpt | None) -> None:
    style = _STYLES[found.severity]
    line = f" {Path(file).name}:{excerpt.line}:{excerpt.column}" if excerpt else ""
    place = f" {found.path}" if found.path else ""
    head = (f"{found.severity} {found.code}", f"bold {style}"), (line + place, "dim")
    console.print(Text.assemble(*head), soft_wrap=True)
    gutter = 2
    # What is only told has its place, and no more.
    if excerpt is not None and found.severity is not Severity.INFORMATION:
        gutter = len(str(excerpt.line + len(excerpt.after))) + 5
        for row in _rows(excerpt, console.width, gutter, style):
            console.print(row, soft_wrap=True)
    _show_sentence(console, Text(f"{found.text}."), gutter)
    if found.hint:
        _show_sentence(console, Text(f"{found.hint}.", style="italic"), gutter)
    console.print()


def _show_sentence(console: Console, text: Text, gutter: int) -> None:
    for line in text.wrap(console, max(console.width - gutter, _NARROWEST)):
        line.rstrip()
        console.print(Text(" " * gutter) + line, soft_wrap=True)


def _rows(excerpt: Excerpt, width: int, gutter: int, style: str) -> Iterator[Text]:
    """The lines with their numbers, the one that is meant followed by a pointer."""
    margin = _margin(excerpt)
    room = max(width - gutter, _NARROWEST)
    number = excerpt.line - len(excerpt.before)
    for line in excerpt.before:
        yield _row(number, line[margin:], room, gutter)
        number += 1
    left, marked, right = _fitted(excerpt.left[margin:], excerpt.marked, excerpt.right, room)
    body = Text.assemble(left, (marked, style), right)
    yield Text.assemble((f"{number:>{gutter - 3}} │ ", "dim"), body)
    pointer = "^" * max(1, min(cell_len(marked), room - cell_len(left)))
    yield Text.assemble((f"{'│':>{gutter - 1}} ", "dim"), " " * cell_len(left), (pointer, f"bold {style}"))
    for line in excerpt.after:
        number += 1
        yield _row(number, line[margin:], room, gutter)


def _row(number: int, line: str, room: int, gutter: int) -> Text:
    return Text(f"{number:>{gutter - 3}} │ {_cut(line, room)}", style="dim")


def _margin(excerpt: Excerpt) -> int:
    """The indentation that all lines have is not shown."""
    lines = (*excerpt.before, excerpt.left + excerpt.marked, *excerpt.after)
    return min(len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")) if any(lines) else 0


def _fitted(left: str, marked: str, right: str, room: int) -> tuple[str, str, str]:
    """The three parts on one line of so many cells: what is marked is there, at least its beginning."""
    wanted = min(cell_len(marked), room // 2)
    if cell_len(left) + wanted > room:
        left = _CUT + chop_cells(left[::-1], room - wanted - 1)[0][::-1]
    marked = _cut(marked, room - cell_len(left))
    return left, marked, _cut(right, room - cell_len(left + marked))


def _cut(text: str, room: int) -> str:
    if cell_len(text) <= room:
        return text
    return chop_cells(text, room - 1)[0] + _CUT if room > 1 else ""


def _show_files(judged: Sequence[Judged]) -> None:
    rows = [
        (one.verdict.errors, one.verdict.warnings, one.verdict.information, one.file)
        for one in judged
        if one.verdict is not None and one.verdict.errors + one.verdict.warnings
    ]
    if rows:
        print_table("Files with faults", ["errors", "warnings", "notes", "file"], rows, "")


def _show_codes(judged: Sequence[Judged]) -> None:
    """What was found most, in how many files."""
    found: Counter[str] = Counter()
    files: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for one in judged:
        met = [each for each in _findings(one) if each.severity is not Severity.INFORMATION]
        found.update(each.code for each in met)
        files.update({each.code for each in met})
        texts |= {each.code: each.text for each in met}
    rows = [(code, count, files[code], texts[code]) for code, count in found.most_common(_MOST_CODES)]
    if rows:
        print_table("Faults by code", ["code", "faults", "files", "what"], rows, "")


def _findings(one: Judged) -> tuple[Finding, ...]:
    return one.verdict.findings if one.verdict is not None else ()
