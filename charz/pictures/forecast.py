"""Pictures of a forecast curve: value and band by labelled rows, the target, what was measured.

The text needs no package: one line per size, the band as a bar. Colours as in `charz.pictures`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from charz import pictures

if TYPE_CHECKING:
    from charz.answers import LearningCurve

_BLUE, _ORANGE = pictures.COLOURS[:2]
_GREY = "#767676"


def text(curve: LearningCurve, width: int = 40) -> str:
    """Return a curve as lines of text: sizes, values and the band as a bar from 0 to 1.

    What was measured inside the sample has a ``o`` for its score, a forecast ``=`` for its band and
    ``#`` for its value; the target stands at ``|``.

    >>> from charz.answers import CurvePoint, LearningCurve
    >>> points = (CurvePoint(64, 0.7, 0.6, 0.8), CurvePoint(128, 0.75, 0.6, 0.9))
    >>> curve = LearningCurve("accuracy", 0.9, 64, points, None, {32: 0.6}, {}, 1.0, 0.5, None)
    >>> print(text(curve, 21))
     32  0.600              o
     64  0.700              ==#==
    128  0.750              ===#===
    """
    sizes = [*curve.measured, *(point.n for point in curve.points)]
    room = max(len(str(size)) for size in sizes)
    target = None if curve.answer is None else curve.answer.target
    lines = []
    for size, score in curve.measured.items():
        if score == score:  # a part may be too small for a score
            lines.append(_line(size, score, {_at(score, width): "o"}, room, target, width))
    for point in curve.points:
        ends = range(_at(point.low, width), _at(point.high, width) + 1)
        marks = dict.fromkeys(ends, "=") | {_at(point.value, width): "#"}
        lines.append(_line(point.n, point.value, marks, room, target, width))
    return "\n".join(lines)


def _at(score: float, width: int) -> int:
    return round(score * (width - 1))


def _line(
    size: int, score: float, marks: dict[int, str], room: int, target: float | None, width: int
) -> str:
    if target is not None:
        marks = {_at(target, width): "|", **marks}
    bar = "".join(marks.get(place, " ") for place in range(width)).rstrip()
    return f"{size:>{room}}  {score:.3f}  {bar}"


def save(curve: LearningCurve, path: Path) -> Path:
    """Draw a curve into a file; its suffix says how.

    Raises
    ------
    InputError
        When the suffix is none of .png, .svg and .pdf.
    MissingExtraError
        When matplotlib is not installed.
    """
    pictures.drawable(path)
    return pictures.write(figure(curve), path)


def figure(curve: LearningCurve) -> Any:
    """Return a curve as a matplotlib figure."""
    found = pictures.blank(7.6, 4.6)
    axes = found.add_subplot()
    sizes = [point.n for point in curve.points]
    low, high = [point.low for point in curve.points], [point.high for point in curve.points]
    band = f"{curve.level:.0%} interval"
    axes.fill_between(sizes, low, high, color=_BLUE, alpha=0.15, linewidth=0, label=band)
    values = [point.value for point in curve.points]
    axes.plot(sizes, values, color=_BLUE, marker="o", markersize=4.5, label="forecast")
    axes.plot(list(curve.measured), list(curve.measured.values()), color=_GREY, linestyle="none",
              marker="D", markersize=4.5, label="inside the sample")  # fmt: skip
    if curve.answer is not None:
        axes.axhline(curve.answer.target, color=_ORANGE, linestyle=(0, (4, 3)), label="target")
    every = sorted({*curve.measured, *sizes})
    axes.set_xscale("log", base=2)
    axes.set_xticks(every, [str(size) for size in every])
    axes.minorticks_off()
    axes.set_ylim(0, 1)
    axes.set_xlabel("labelled training rows (log scale)")
    axes.set_ylabel(curve.metric)
    axes.set_title(f"What more labels bring, from {curve.n_train}", loc="left", fontweight="bold")
    axes.legend(frameon=False, loc="lower right")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return found
