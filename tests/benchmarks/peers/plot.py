"""Requests a second as bars on a scale of powers of ten, in plain SVG that reads well on light and dark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from .figures import Figures, rate
from .servers import SERVERS, family
from .workloads import Workload

WIDTH, LEFT, RIGHT, BAR, GAP, HEAD = 860, 270, 90, 16, 6, 44
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600; font-size: 14px }
.peer { fill: #8c959f } .ours { fill: #0969da } .limits { fill: none; stroke: #8c959f; stroke-dasharray: 3 2 }
.grid { stroke: #d0d7de } .tick { fill: #57606a; font-size: 10px }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .peer { fill: #6e7681 } .ours { fill: #58a6ff } .limits { stroke: #8b949e }
  .grid { stroke: #30363d } .tick { fill: #8b949e }
}
"""


def svg(figures: Figures, workloads: Sequence[Workload], connections: int = 64) -> str:
    """A panel for each workload, the fastest server on top. The limits are outlined."""
    parts, top = [], 10
    for workload in workloads:
        bars = _bars(figures, workload, connections)
        if any(name != "loop" for name, _ in bars):
            parts += _panel(f"{workload.name}: {workload.title}, {connections} connections, requests/s", bars, top)
            top += HEAD + len(bars) * (BAR + GAP) + 14
    size = f'viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def _bars(figures: Figures, workload: Workload, connections: int) -> list[tuple[str, float]]:
    found = []
    for name in workload.servers:
        value = figures.median(workload.name, name, 0 if name == "loop" else connections, rate)
        if value:
            found.append((name, value))
    return sorted(found, key=lambda bar: -bar[1])


def _panel(title: str, bars: Sequence[tuple[str, float]], top: int) -> Iterator[str]:
    low = math.floor(math.log10(min(value for _, value in bars)))
    high = math.ceil(math.log10(max(value for _, value in bars)) + 1e-9)
    scale = (WIDTH - LEFT - RIGHT) / max(high - low, 1)
    first, bottom = top + HEAD, top + HEAD + len(bars) * (BAR + GAP)
    yield f'<text class="title" x="0" y="{top + 14}">{escape(title)}</text>'
    for power in range(low, high + 1):
        x = LEFT + (power - low) * scale
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{first - 6}" y2="{bottom}"/>'
        yield f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="{first - 10}">{10**power:,}</text>'
    for at, (name, value) in enumerate(bars):
        y, width = first + at * (BAR + GAP), max((math.log10(value) - low) * scale, 1)
        kind = family(name) if family(name) in ("ours", "limits") else "peer"
        yield f'<text text-anchor="end" x="{LEFT - 8}" y="{y + 12}">{escape(SERVERS[name].title)}</text>'
        yield f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>'
        yield f'<text x="{LEFT + width + 6:.1f}" y="{y + 12}">{value:,.0f}</text>'
