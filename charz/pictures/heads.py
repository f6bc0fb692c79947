"""Picture of a choice among heads: what each is expected to gain over the logistic one.

Colours as in `charz.pictures`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from charz import pictures
from charz.errors import InputError

_BLUE, _ORANGE = pictures.COLOURS[:2]
_INK, _PALE = "#222222", "#b5b5b5"

Rows = Sequence[Mapping[str, Any]]


def save(title: str, rows: Rows, path: Path, subtitle: str = "") -> Path:
    """Draw heads (`charz.heads._choose.COLUMNS`) into a file; its suffix says how.

    Raises
    ------
    InputError
        When the suffix is no picture's, or there is nothing to draw.
    MissingExtraError
        When what draws it is not installed.
    """
    pictures.drawable(path)
    return pictures.write(figure(title, rows, subtitle), path)


def figure(title: str, rows: Rows, subtitle: str = "") -> Any:
    """Return heads as a matplotlib figure: intervals of gain, and the seconds they take."""
    if not rows:
        raise InputError("there is no head to draw", "choose among some")
    found = pictures.blank(9.6, 1.6 + 0.46 * len(rows))
    axes = found.add_subplot()
    axes.set_title(title, loc="left", fontsize=12.5, fontweight="bold", pad=30)
    axes.annotate(subtitle, (0, 1), (0, 14), xycoords="axes fraction",
                  textcoords="offset points", fontsize=9.5, color="#555555")  # fmt: skip
    axes.axvline(0, color=_PALE, linewidth=1.2)
    for place, row in enumerate(reversed(rows)):
        _draw(axes, place, row, is_first=place == len(rows) - 1)
    axes.set_yticks(range(len(rows)), [row["head"] for row in reversed(rows)])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("points of accuracy more than the logistic head; lines: intervals")
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return found


def _draw(axes: Any, place: int, row: Mapping[str, Any], *, is_first: bool) -> None:
    colour = _ORANGE if is_first else _BLUE if row["is_linear"] else _INK
    low, gain, high = (100 * row[name] for name in ("gain_low", "gain", "gain_high"))
    axes.plot([low, high], [place, place], color=colour, linewidth=2, alpha=0.45)
    axes.plot(gain, place, "o", color=colour, markersize=6)
    said = f"{row['value']:.3f}  best {row['p_best']:.0%}  {seconds(row['seconds'])}"
    axes.annotate(said, (1.02, place), xycoords=("axes fraction", "data"), color=_INK,
                  fontsize=8.5, va="center")  # fmt: skip


def seconds(value: float) -> str:
    """Return a time for people.

    >>> seconds(0.0123), seconds(2.345), seconds(250.0)
    ('0.01 s', '2.3 s', '250 s')
    """
    return f"{value:.2f} s" if value < 1 else f"{value:.1f} s" if value < 99.5 else f"{value:.0f} s"


def text(rows: Rows, width: int = 80) -> str:
    """Return heads as lines of text: a bar of the interval of gain, its middle and zero.

    >>> row = {"head": "svm", "gain": 0.01, "gain_low": -0.01, "gain_high": 0.03, "p_best": 0.5}
    >>> other = {"head": "ridge", "gain": 0.0, "gain_low": -0.02, "gain_high": 0.02, "p_best": 0.1}
    >>> print(text([row, other], 40))
    svm     +1.0  50%      ----|---+-------
    ridge   +0.0  10%  --------+--------
    """
    room = max(len(row["head"]) for row in rows)
    low = min(0.0, *(row["gain_low"] for row in rows))
    high = max(0.0, *(row["gain_high"] for row in rows))
    n = max(10, width - room - 15)
    step = (high - low) / n or math.inf

    def at(value: float) -> int:
        return min(n - 1, int((value - low) / step)) if math.isfinite(step) else 0

    lines = []
    for row in rows:
        bar = [" "] * n
        for place in range(at(row["gain_low"]), at(row["gain_high"]) + 1):
            bar[place] = "-"
        bar[at(0.0)] = "|"
        bar[at(row["gain"])] = "+"
        name = f"{row['head']:<{room}}  {100 * row['gain']:+5.1f}  {row['p_best']:3.0%}  "
        lines.append((name + "".join(bar)).rstrip())
    return "\n".join(lines)
