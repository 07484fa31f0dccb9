"""Charts as SVG files that read well on a light and on a dark page."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pygal  # type: ignore[import-untyped]
from pygal.style import Style  # type: ignore[import-untyped]

COLOURS = {"ours": "#1a7f64", "peer": "#8b7cc8", "limit": "#b7791f"}
LINES = (
    "#1a7f64",
    "#8b7cc8",
    "#b7791f",
    "#3b82c4",
    "#c2557a",
    "#6b8e23",
    "#a0522d",
    "#5f7fbf",
    "#2f9e9e",
    "#9b59b6",
    "#cc6677",
)
# The page decides: browsers apply this inside an <img> as well.
DARK = "inline:@media (prefers-color-scheme: dark) { svg text { fill: #d1d7e0 !important } svg .guide, svg .axis path { stroke: #768390 !important } }"

POWERS = [1, 10, 100, 1000, 10000, 100000]

Value = float | None


def bars(title: str, values: Sequence[tuple[str, float, str]]) -> bytes:
    """One bar a value, on a logarithmic scale; the first at the top, by kind in
    one of three colours."""
    chart = pygal.HorizontalBar(**common(title, 24 * len(values) + 90), show_legend=False, zero=0.3, margin_right=40)
    chart.range = (0.3, 1e5)
    chart.y_labels = POWERS
    chart.x_labels = [f"{name}: {rounded(value)} µs" for name, value, _ in reversed(values)]
    chart.add("", [{"value": value, "color": COLOURS[kind]} for _, value, kind in reversed(values)])
    return plain(chart.render())


def lines(
    title: str,
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[Value], str]],
    marks: Sequence[float] = (0.3, *POWERS),
) -> bytes:
    """One line a series, on a logarithmic scale with these marks."""
    chart = pygal.Line(**common(title, 480), legend_box_size=10, dots_size=3)
    chart.x_labels = labels
    chart.range = (marks[0], marks[-1])
    chart.y_labels = [mark for mark in marks if mark >= 1]
    for name, values, kind in series:
        chart.add(
            name,
            values,
            stroke_style={"width": 4 if kind == "ours" else 2, "dasharray": "4, 3" if kind == "limit" else ""},
        )
    return plain(chart.render())


def common(title: str, height: int) -> dict[str, object]:
    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="#57606a",
        foreground_strong="#24292f",
        foreground_subtle="#8c959f",
        colors=LINES,
        font_family="system-ui, sans-serif",
        label_font_size=12,
        value_font_size=12,
        major_label_font_size=12,
        legend_font_size=12,
        title_font_size=15,
        guide_stroke_color="#8c959f80",
        major_guide_stroke_color="#8c959f80",
        opacity="1",
        value_colors=("#57606a",),
    )
    return {
        "title": title,
        "logarithmic": True,
        "style": style,
        "width": 860,
        "height": height,
        "js": [],
        "css": ["file://style.css", "file://graph.css", DARK],
        "formatter": None,
        "value_formatter": "{:,.0f}".format,
        "truncate_label": -1,
        "truncate_legend": -1,
    }


def rounded(value: float) -> str:
    """Three digits, or all before the point."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"


def plain(svg: bytes) -> bytes:
    """Without what is only for a script, and without what differs from run to run: an
    identity and the day."""
    text = svg.decode()
    text = re.sub(r"chart-[0-9a-f-]{36}", "chart", text)
    text = re.sub(r"<!--.*?-->|<script.*?</script>|<desc.*?</desc>", "", text, flags=re.DOTALL)
    return text.encode() + b"\n"
