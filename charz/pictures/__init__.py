"""Pictures of what was measured: PNG or SVG by matplotlib, the same as text by plotext.

Colours are those of Okabe and Ito (2008), told apart by colour-blind eyes; every curve
carries its name, so that a picture reads without them too.
"""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charz.errors import InputError, MissingExtraError

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLES = (".png", ".svg", ".pdf")
_GREY = "#767676"
_MARKERS = "osD^vPX"
#: Rows of a text picture that hold no data: title, frame, ticks and label.
_AROUND = 5


@dataclass(frozen=True)
class Curve:
    """Scores of one encoder: ``means`` and ``spreads`` (standard deviations) by ``sizes``.

    A spread of one seed alone is not defined: NaN, and not drawn. ``lows`` and ``highs`` are the
    edges of the band; where they are not given, a spread to either side.
    """

    name: str
    sizes: tuple[int, ...]
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    lows: tuple[float, ...] = ()
    highs: tuple[float, ...] = ()


@dataclass(frozen=True)
class Chart:
    """A learning-curve picture: a title, curves and the score of the majority class."""

    title: str
    curves: tuple[Curve, ...]
    subtitle: str = ""
    majority: float | None = None
    metric: str = "accuracy"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Every training size of any curve."""
        return tuple(sorted({size for curve in self.curves for size in curve.sizes}))


def require() -> None:
    """See that both drawing packages are there, without importing them.

    Raises
    ------
    MissingExtraError
        When one is not.
    """
    for package in ("matplotlib", "plotext"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError.of(package, "report", "to draw learning curves")


def curves(rows: Sequence[Mapping[str, Any]]) -> tuple[Curve, ...]:
    """Return one curve per encoder, the best at its largest size first.

    Parameters
    ----------
    rows : sequence of mappings
        ``encoder``, ``n_train``, ``accuracy`` and ``spread``, as the query
        ``learning_curve`` gives them.

    Examples
    --------
    >>> rows = [{"encoder": "tfidf:", "n_train": 16, "accuracy": 0.5, "spread": None}]
    >>> curves(rows)
    (Curve(name='tfidf:', sizes=(16,), means=(0.5,), spreads=(nan,), lows=(), highs=()),)
    """
    by_encoder: dict[str, list[tuple[int, float, float]]] = {}
    for row in rows:
        spread = float("nan") if row["spread"] is None else float(row["spread"])
        point = (int(row["n_train"]), float(row["accuracy"]), spread)
        by_encoder.setdefault(str(row["encoder"]), []).append(point)
    found = []
    for name, points in by_encoder.items():
        sizes, means, spreads = zip(*sorted(points), strict=True)
        found.append(Curve(name, sizes, means, spreads))
    return tuple(sorted(found, key=lambda curve: (-curve.means[-1], curve.name)))


def save(chart: Chart, path: Path) -> Path:
    """Draw a chart into a file; its suffix says how.

    Raises
    ------
    InputError
        When the suffix is none of .png, .svg and .pdf, or there is nothing to draw.
    MissingExtraError
        When matplotlib is not installed.
    """
    drawable(path)
    return write(figure(chart), path)


def drawable(path: Path) -> None:
    """See that a picture can be drawn in a file of this name.

    Raises
    ------
    InputError
        When the suffix is none of .png, .svg and .pdf, or the folder cannot be written into.
    MissingExtraError
        When a drawing package is not installed.
    """
    if path.suffix.lower() not in STYLES:
        raise InputError(f"'{path}' is no picture", f"name it {' or '.join(STYLES)}")
    placed(path)
    require()


def placed(path: Path) -> None:
    """See that a file can be written where it is to lie.

    Raises
    ------
    InputError
        When its folder is not there, or cannot be written into.
    """
    if not path.parent.is_dir():
        raise InputError(f"there is no folder '{path.parent}'", "make it, or name another")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"the folder '{path.parent}' cannot be written into", "name another")


def write(found: Any, path: Path) -> Path:
    """Write a matplotlib figure into a file, the same bytes for the same figure."""
    # No date and no software version inside: the same chart makes the same file.
    inside = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "charz"}):
        found.savefig(path, dpi=150, metadata=inside[path.suffix.lower()])
    return path


def blank(width: float, height: float) -> Any:
    """Return an empty matplotlib figure of so many inches, outside of pyplot and its state.

    Raises
    ------
    MissingExtraError
        When a drawing package is not installed.
    """
    require()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    found = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(found)
    return found


def figure(chart: Chart) -> Any:
    """Return a chart as a matplotlib figure."""
    _check(chart)
    found = blank(8.6, 5)
    axes = found.add_subplot()
    _frame(axes, chart)
    for place, (curve, colour) in enumerate(zip(chart.curves, _colours(chart), strict=True)):
        _curve(axes, curve, colour, _MARKERS[place % len(_MARKERS)])
    _names(axes, chart)
    return found


def _check(chart: Chart) -> None:
    if not chart.curves:
        raise InputError(f"there are no curves for '{chart.title}'", "measure with 'charz probe'")


def _colours(chart: Chart) -> list[str]:
    return [COLOURS[place % len(COLOURS)] for place in range(len(chart.curves))]


def _frame(axes: Any, chart: Chart) -> None:
    sizes = chart.sizes
    axes.set_title(chart.title, loc="left", fontsize=12.5, fontweight="bold", pad=30)
    axes.annotate(chart.subtitle, (0, 1), (0, 14), xycoords="axes fraction",
                  textcoords="offset points", fontsize=9.5, color="#555555")  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_xlim(sizes[0] / 1.12, sizes[-1] * 1.06)
    axes.set_xlabel("labelled training rows (log scale)")
    axes.set_ylabel(chart.metric)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    if chart.majority is not None:
        axes.axhline(chart.majority, color=_GREY, linewidth=1.2, linestyle=(0, (4, 3)))


def _curve(axes: Any, curve: Curve, colour: str, marker: str) -> None:
    pairs = list(zip(curve.means, curve.spreads, strict=True))
    low = curve.lows or [mean - spread for mean, spread in pairs]
    high = curve.highs or [mean + spread for mean, spread in pairs]
    axes.fill_between(curve.sizes, low, high, color=colour, alpha=0.13, linewidth=0)
    axes.plot(curve.sizes, curve.means, color=colour, linewidth=1.9, marker=marker, markersize=4.5)


def _names(axes: Any, chart: Chart) -> None:
    """Write every curve's name beside its end, moved apart where ends are close."""
    low, high = axes.get_ylim()
    values = [value for _, value in _ends(chart)]
    places = apart(values, 0.055 * (high - low), low, high)
    colours = [*_colours(chart), _GREY]
    sizes = [*(curve.sizes[-1] for curve in chart.curves), chart.sizes[-1]]
    for (name, value), place, colour, size in zip(
        _ends(chart), places, colours, sizes, strict=False
    ):
        axes.annotate(
            name, (size, value), (1.04, place), xycoords="data",
            textcoords=("axes fraction", "data"), color="#222222", fontsize=9.5, va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.3,
                        "relpos": (0, 0.5), "shrinkA": 2, "shrinkB": 4},
        )  # fmt: skip


def _ends(chart: Chart) -> list[tuple[str, float]]:
    """Return name and last score of every curve, the majority class at the end."""
    ends = [(curve.name, curve.means[-1]) for curve in chart.curves]
    return ends if chart.majority is None else [*ends, ("majority class", chart.majority)]


def apart(values: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places near ``values``, in their order, no two nearer than ``gap``.

    The sum of squared moves is least among places inside [low, high]: isotonic regression by
    pooling neighbours. Where there is no room for all, the gap gives way.

    >>> apart([0.5, 0.5, 0.9], 0.2, 0, 1)
    [0.4, 0.6, 0.9]
    >>> apart([1.0, 1.0], 0.2, 0, 1)
    [0.8, 1.0]
    """
    gap = min(gap, (high - low) / max(1, len(values) - 1))
    order = sorted(range(len(values)), key=lambda index: values[index])
    pools: list[tuple[float, int]] = []  # of values less the gaps below them: mean and count
    for rank, index in enumerate(order):
        mean, count = values[index] - rank * gap, 1
        while pools and pools[-1][0] >= mean:
            before, n = pools.pop()
            mean, count = (before * n + mean * count) / (n + count), n + count
        pools.append((mean, count))
    lowered = [mean for mean, count in pools for _ in range(count)]
    most = high - (len(values) - 1) * gap
    places = dict(zip(order, (min(max(mean, low), most) for mean in lowered), strict=True))
    ranks = {index: rank for rank, index in enumerate(order)}
    return [round(places[index] + ranks[index] * gap, 9) for index in range(len(values))]


def text(chart: Chart, width: int = 80, height: int = 22) -> str:
    """Return a chart as lines of text, at most ``width`` wide and ``height`` high.

    Raises
    ------
    InputError
        When there is nothing to draw, or less room than 40 by 10.
    MissingExtraError
        When plotext is not installed.
    """
    _check(chart)
    if width < 40 or height < 10:
        raise InputError(f"{width} by {height} characters are too few", "give 40 by 10 or more")
    require()
    import plotext

    canvas = plotext.figure  # the package's one figure: left as clean as it was found
    canvas.clear()
    plotext.terminal.limit(False, False)  # the caller has measured the room
    try:
        _draw(canvas, chart, width, height)
        drawn: str = canvas.build().string(colorless=True)
    finally:
        plotext.terminal.limit(True, True)
        canvas.clear()
    return "\n".join(line.rstrip() for line in drawn.splitlines())


def _draw(canvas: Any, chart: Chart, width: int, height: int) -> None:
    """Set up plotext's figure: curves in braille, each name in a row of its own."""
    n_rows = height - _AROUND
    ticks = _ticks(chart)
    low, high = ticks[0], ticks[-1]
    row = (high - low) / (n_rows - 1)
    ends = _ends(chart)
    rows = apart([(value - low) / row for _, value in ends], 1, 0, n_rows - 1)
    x = [math.log2(size) for size in chart.sizes]
    room = max(len(name) for name, _ in ends) + 3
    column = (x[-1] - x[0] or 1.0) / max(1, width - room - 8)
    canvas.plot_size(width, height)
    canvas.title(chart.title)
    canvas.label(f"{chart.metric} by labelled training rows (log scale)", "x")
    for curve in chart.curves:
        at = [math.log2(size) for size in curve.sizes]
        canvas.draw(canvas.signal(at, list(curve.means), marker="braille").lines())
    if chart.majority is not None:
        canvas.draw(canvas.signal([x[0], x[-1]], [chart.majority] * 2, marker="┈").lines())
    for (name, _), place in zip(ends, rows, strict=True):
        at_row = low + math.floor(place + 0.5) * row
        canvas.draw(canvas.text(x[-1] + 2 * column, at_row, name, alignment="left"))
    canvas.ruler("x").ticks(x, [str(size) for size in chart.sizes])
    canvas.ruler("x").lim(x[0], x[-1] + room * column)
    canvas.ruler("y").ticks(ticks, [f"{tick:.2f}" for tick in ticks])
    canvas.ruler("y").lim(low, high)


def _ticks(chart: Chart) -> list[float]:
    """Return round numbers around every mean, at most eight."""
    values = [value for curve in chart.curves for value in curve.means]
    values += [] if chart.majority is None else [chart.majority]
    for step in (0.01, 0.02, 0.05, 0.1, 0.2):
        low = math.floor(min(values) / step + 1e-9)
        high = max(math.ceil(max(values) / step - 1e-9), low + 1)
        if high - low < 8:
            break
    return [round(place * step, 2) for place in range(low, high + 1)]
