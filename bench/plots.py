"""Plots of what a bench measured: SVG files beside RESULTS.md, the same bytes for the same figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

FOLDER: Final = Path(__file__).with_name("plots")
OURS: Final = "hypernode"
COLOURS: Final = {OURS: "#9945ff"}
OTHERS: Final = ("#8a8f98", "#b9bec6", "#5b6470", "#d6d9de")
mpl.rcParams["svg.hashsalt"] = OURS
mpl.rcParams["font.size"] = 9


def bars(name: str, title: str, unit: str, groups: Mapping[str, Mapping[str, float]], *, log: bool = False) -> str:
    """Bars side by side: `groups` holds for each group the figure of each series. Returns Markdown that shows them."""
    series = list(dict.fromkeys(label for figures in groups.values() for label in figures))
    axes = _axes(title, unit, log=log)
    width = 0.8 / len(series)
    for place, label in enumerate(series):
        places = [number + (place - (len(series) - 1) / 2) * width for number in range(len(groups))]
        drawn = axes.bar(places, [figures.get(label, 0) for figures in groups.values()], width, **_style(label, place))
        axes.bar_label(drawn, fmt="{:,.4g}", fontsize=7)
    axes.set_xticks(range(len(groups)), list(groups))
    return _save(axes, name, title)


def lines(
    name: str, title: str, x: str, y: str, series: Mapping[str, Sequence[tuple[float, float]]], *, log: bool = False
) -> str:
    """Lines through points (x, y), one a series; `log` for both axes. Returns Markdown that shows them."""
    axes = _axes(title, y, log=log)
    axes.set_xlabel(x)
    if log:
        axes.set_xscale("log")
    for place, (label, points) in enumerate(series.items()):
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, **_style(label, place))
    return _save(axes, name, title)


def _axes(title: str, unit: str, *, log: bool) -> Axes:
    axes = Figure(figsize=(7, 3.2), layout="constrained").subplots()
    axes.set_title(title)
    axes.set_ylabel(unit)
    if log:
        axes.set_yscale("log")
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _style(label: str, place: int) -> dict[str, Any]:
    return {"label": label, "color": COLOURS.get(label, OTHERS[place % len(OTHERS)])}


def _save(axes: Axes, name: str, title: str) -> str:
    axes.legend(frameon=False, fontsize=8)
    FOLDER.mkdir(exist_ok=True)
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    figure.savefig(FOLDER / f"{name}.svg", metadata={"Date": None})
    return f"![{title}](plots/{name}.svg)"
