"""Picture of a recommendation: score against size, and the front that nothing beats.

Colours as in `charz.pictures`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charz import pictures
from charz.errors import InputError

MOST_NAMED = 12
_BLUE, _ORANGE = pictures.COLOURS[:2]
_GREY, _INK = "#767676", "#222222"
_SIZES = ((1e9, "B"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Front:
    """Points of score against size.

    Attributes
    ----------
    title, subtitle : str
    points : tuple of dict
        ``encoder``, ``n_params``, ``value``, ``low``, ``high``, ``on_front`` and ``measured`` (an
        accuracy, or None).
    """

    title: str
    points: tuple[Mapping[str, Any], ...]
    subtitle: str = ""

    @property
    def best(self) -> list[Mapping[str, Any]]:
        """The points on the front, the smallest first."""
        return sorted((p for p in self.points if p["on_front"]), key=lambda p: p["n_params"])


def of(title: str, rows: Sequence[Mapping[str, Any]], subtitle: str = "") -> Front:
    """Return the front of rows as `charz.steps.recommend.COLUMNS`: those whose size is known.

    >>> row = {"encoder": "a", "n_params": 2e6, "value": 0.5, "low": 0.4, "high": 0.6,
    ...        "on_front": True, "measured": None}
    >>> len(of("t", [row, row | {"n_params": math.nan}]).points)
    1
    """
    kept = tuple(row for row in rows if row["n_params"] and math.isfinite(row["n_params"]))
    return Front(title, kept, subtitle)


def size(n_params: float) -> str:
    """Return a number of weights for people.

    >>> size(22_713_216), size(1.54e9), size(900)
    ('23M', '1.5B', '900')
    """
    for unit, letter in _SIZES:
        if n_params >= unit:
            value = n_params / unit
            return f"{value:.1f}{letter}" if value < 9.95 else f"{value:.0f}{letter}"
    return f"{n_params:.0f}"


def check(path: Path) -> None:
    """See that a file can be drawn into, before there is anything to draw.

    Raises
    ------
    InputError
        When the suffix is no picture's.
    MissingExtraError
        When what draws it is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in (*pictures.STYLES, ".txt"):
        raise InputError(f"'{path}' is no picture", f"name it {', '.join(pictures.STYLES)} or .txt")
    pictures.placed(path)
    if suffix != ".txt":
        pictures.require()


def save(front: Front, path: Path) -> Path:
    """Draw a front into a file; its suffix says how, ``.txt`` among them.

    Raises
    ------
    InputError
        When the suffix is no picture's, or there is nothing to draw.
    MissingExtraError
        When what draws it is not installed.
    """
    check(path)
    if path.suffix.lower() == ".txt":
        path.write_text(text(front) + "\n", encoding="utf-8")
        return path
    return pictures.write(figure(front), path)


def _check(front: Front) -> None:
    if not front.points:
        raise InputError(f"no encoder of '{front.title}' states its size", "loosen a condition")


def figure(front: Front) -> Any:
    """Return a front as a matplotlib figure."""
    _check(front)
    found = pictures.blank(9.6, 5.6)
    axes = found.add_subplot()
    _frame(axes, front)
    for point in front.points:
        colour = _BLUE if point["on_front"] else "#b5b5b5"
        axes.plot([point["n_params"]] * 2, [point["low"], point["high"]], color=colour,
                  linewidth=0.8, alpha=0.55 if point["on_front"] else 0.25)  # fmt: skip
        axes.plot(point["n_params"], point["value"], "o", color=colour, markersize=4.5,
                  zorder=3 if point["on_front"] else 2)  # fmt: skip
        if _is_measured(point):
            axes.plot(point["n_params"], point["measured"], "D", color=_ORANGE, markersize=6,
                      zorder=4)  # fmt: skip
    best = front.best
    axes.step([p["n_params"] for p in best], [p["value"] for p in best], where="post",
              color=_BLUE, linewidth=1.4, alpha=0.8)  # fmt: skip
    _name(axes, front)
    return found


def _is_measured(point: Mapping[str, Any]) -> bool:
    value = point["measured"]
    return value is not None and math.isfinite(value)


def _frame(axes: Any, front: Front) -> None:
    axes.set_title(front.title, loc="left", fontsize=12.5, fontweight="bold", pad=30)
    axes.annotate(front.subtitle, (0, 1), (0, 14), xycoords="axes fraction",
                  textcoords="offset points", fontsize=9.5, color="#555555")  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: size(value))
    axes.minorticks_off()
    axes.set_xlabel("parameters (log scale)")
    axes.set_ylabel("accuracy")
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _name(axes: Any, front: Front) -> None:
    """Write the names of the front, the best first, in a column beside the points."""
    named = sorted(front.best, key=lambda p: -p["value"])[:MOST_NAMED]
    low, high = axes.get_ylim()
    places = pictures.apart([p["value"] for p in named], 0.05 * (high - low), low, high)
    for point, place in zip(named, places, strict=True):
        axes.annotate(
            f"{point['encoder']}  {size(point['n_params'])}", (point["n_params"], point["value"]),
            (1.03, place), xycoords="data", textcoords=("axes fraction", "data"), color=_INK,
            fontsize=8.5, va="center",
            arrowprops={"arrowstyle": "-", "color": _BLUE, "linewidth": 0.6, "alpha": 0.35,
                        "relpos": (0, 0.5), "shrinkA": 2, "shrinkB": 4},
        )  # fmt: skip
    marks = [(_BLUE, "o", "none is as good and smaller"), ("#b5b5b5", "o", "others")]
    if any(map(_is_measured, front.points)):
        marks.append((_ORANGE, "D", "measured here"))
    for colour, mark, label in marks:
        axes.plot([], [], mark, color=colour, label=label, markersize=5)
    axes.legend(loc="lower right", frameon=False, fontsize=8.5)


def text(front: Front, width: int = 80) -> str:
    """Return the front as lines of text, the smallest first: size, name and a bar of its score.

    A bar runs to the value; the interval is drawn in dashes.

    >>> row = {"encoder": "org/a", "n_params": 2e6, "value": 0.5, "low": 0.4, "high": 0.6,
    ...        "on_front": True, "measured": None}
    >>> print(text(of("size and accuracy", [row, row | {"encoder": "b", "n_params": 9e7,
    ...                                               "value": 0.75, "high": 0.8}]), 60))
    size and accuracy
       2.0M  org/a  0.50  ··················-----+-----
        90M  b      0.75  ··················-----------------+--
    """
    _check(front)
    best = front.best
    room = max(len(point["encoder"]) for point in best)
    n = max(10, width - room - 18)
    lines = [front.title]
    edge = max(point["high"] for point in best)
    for point in best:
        low, value, high = (round(point[name] / edge * n) for name in ("low", "value", "high"))
        bar = "·" * low + "-" * max(0, value - low) + "+" + "-" * max(0, high - value)
        name = f"{point['encoder']:<{room}}"
        lines.append(f"  {size(point['n_params']):>5}  {name}  {point['value']:.2f}  {bar}")
    return "\n".join(lines)
