"""A map of a space: labelled rows, eval rows, and the regions that labels leave out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import pictures
from charz.errors import InputError

if TYPE_CHECKING:
    from charz.answers import Coverage, Plane, Region

_BLUE, _ORANGE = pictures.COLOURS[:2]
_GREY, _INK = "#767676", "#222222"
MOST_POINTS = 4000
MOST_NAMED = 6
"""Regions that are named: those that are not covered, the largest first."""


def save(found: Coverage, path: Path) -> Path:
    """Draw the map into a file; its suffix says how.

    Raises
    ------
    InputError
        When the suffix is no picture's, the folder is not there, or nothing is to be drawn.
    MissingExtraError
        When matplotlib is not installed.
    """
    pictures.drawable(path)
    return pictures.write(figure(found), path)


def figure(found: Coverage) -> Any:
    """Return the map as a matplotlib figure: both sets of rows in their two main axes."""
    if found.plane is None:
        raise InputError("this answer has no places of rows", "ask charz.coverage for it")
    drawn = pictures.blank(8.6, 6.2)
    axes = drawn.add_subplot()
    _points(axes, found.plane)
    _names(axes, found)
    title = f"{found.covered:.0%} of the eval rows are covered"
    axes.set_title(title, loc="left", fontsize=12.5, fontweight="bold", pad=26)
    axes.annotate(
        f"{found.n_eval} eval rows, {found.n_train} labelled; covered: within {found.radius:.3g} "
        "of a labelled one. Two main axes of the space", (0, 1), (0, 10), xycoords="axes fraction",
        textcoords="offset points", fontsize=9.5, color="#555555",
    )  # fmt: skip
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, -0.02), ncols=3, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    return drawn


def _points(axes: Any, plane: Plane) -> None:
    covered = np.asarray(plane.covered)
    parts = (
        ("eval rows, covered", plane.eval[covered], "#9a9a9a", "o", 10, 0.55),
        ("eval rows, not covered", plane.eval[~covered], _ORANGE, "o", 14, 0.8),
        ("labelled rows", plane.train, _BLUE, "^", 22, 0.85),
    )
    for name, rows, colour, marker, area, alpha in parts:
        some = rows[:: max(1, -(-len(rows) // MOST_POINTS))]
        axes.scatter(
            some[:, 0], some[:, 1], s=area, c=colour, marker=marker, alpha=alpha, linewidths=0,
            label=name,
        )  # fmt: skip
    axes.margins(0.08, 0.1)


def _names(axes: Any, found: Coverage) -> None:
    """Ring the middle of the regions that are not covered and write their names there."""
    assert found.plane is not None  # noqa: S101  (the caller has looked)
    regions = [each for each in found.regions if each.status in ("empty", "thin")]
    regions = sorted(regions, key=lambda each: -each.n_eval)[:MOST_NAMED]
    if not regions:
        return
    middles = [found.plane.middle(each.number) for each in regions]
    low, high = axes.get_ylim()
    places = pictures.apart([y for _, y in middles], 0.07 * (high - low), low, high)
    for region, (x, y), place in zip(regions, middles, places, strict=True):
        axes.scatter([x], [y], s=240, facecolors="none", edgecolors=_INK, linewidths=1.4)
        axes.annotate(
            said(region), (x, y), (1.02, place), xycoords="data",
            textcoords=("axes fraction", "data"), fontsize=9, color=_INK, va="center",
            parse_math=False,
            arrowprops={"arrowstyle": "-", "color": _GREY, "linewidth": 0.9, "relpos": (0, 0.5)},
        )  # fmt: skip


def said(region: Region) -> str:
    """Return what stands beside a region: its name, or its number, and what is expected of it.

    >>> from charz.answers import Region
    >>> print(said(Region(3, "", "thin", 9, 1, 0.2, 1.4, 0.61, 0.4, 0.8, 0.39)))
    region 3
    thin: 1 labelled, accuracy 61%
    """
    name = region.name or f"region {region.number}"
    labelled = "no label" if not region.n_train else f"{region.n_train} labelled"
    return f"{name}\n{region.status}: {labelled}, accuracy {region.accuracy:.0%}"
