"""How does a table look as a picture? Bars, a panel for each column, light or dark."""

from collections.abc import Iterator
from html import escape

from benchmarks.sheet import Sheet, shown

_WIDTH, _LABELS, _NUMBERS = 760, 210, 70
_BAR, _GAP, _TITLE, _HEAD, _PANEL = 16, 6, 34, 24, 14
_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .head { font-weight: 600 }
  .label { text-anchor: end }
  .bar { fill: #8c959f }
  .ours { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .bar { fill: #6e7681 }
    .ours { fill: #58a6ff }
  }"""


def drawn(sheet: Sheet) -> str:
    """An SVG of the columns in `charted`; the rows of the gateway are marked."""
    parts = [f'<text class="title" x="0" y="18">{escape(sheet.title)}</text>']
    height = _TITLE
    for column in sheet.charted:
        parts.append(f'<text class="head" x="{_LABELS}" y="{height + 14}">{escape(column)}</text>')
        height += _HEAD
        for bar in _bars(sheet, column, height):
            parts.append(bar)
        height += len(sheet.rows) * (_BAR + _GAP) + _PANEL
    body = "\n".join(f"  {part}" for part in parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}"'
        f' height="{height}" role="img" aria-label="{escape(sheet.title)}">\n'
        f"  <style>{_STYLE}\n  </style>\n{body}\n</svg>\n"
    )


def _bars(sheet: Sheet, column: str, top: int) -> Iterator[str]:
    at = sheet.columns.index(column)
    values = [float(row[at]) for row in sheet.rows]
    scale = (_WIDTH - _LABELS - _NUMBERS) / (max(values) or 1)
    for number, (row, value) in enumerate(zip(sheet.rows, values, strict=True)):
        name, y = str(row[0]), top + number * (_BAR + _GAP)
        kind = "ours" if "claimgw" in name else "bar"
        width = max(1.0, value * scale)
        yield f'<text class="label" x="{_LABELS - 8}" y="{y + 12}">{escape(name)}</text>'
        yield f'<rect class="{kind}" x="{_LABELS}" y="{y}" width="{width:.0f}" height="{_BAR}" rx="2"/>'
        yield f'<text x="{_LABELS + width + 6:.0f}" y="{y + 12}">{shown(value)}</text>'
