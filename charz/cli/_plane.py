"""A map of a space in characters: labelled rows, and the eval rows that they leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.answers import Plane
    from charz.records import Floats, Ints

WIDTH, HEIGHT = 72, 20
MARKS = " .o+"
"""Nothing, covered eval rows, uncovered ones, labelled rows; the last in a place is shown."""
LEGEND = "+ labelled   . eval, covered   o eval, not covered   the number of a region at its middle"


def lines(plane: Plane, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """Return the map as lines of at most ``width`` characters.

    The number of a region stands at the middle of its eval rows.

    >>> from charz.answers import Plane
    >>> plane = Plane(np.array([[0.0, 0.0]]), np.array([[0.0, 1.0], [4.0, 1.0]]),
    ...               np.array([1, 1]), np.array([True, False]))
    >>> print("|".join(lines(plane, 5, 2)))
    .   1|+
    """
    low = np.minimum(plane.train.min(axis=0), plane.eval.min(axis=0))
    high = np.maximum(plane.train.max(axis=0), plane.eval.max(axis=0))
    size = np.array([width, height]) - 1
    drawn = np.zeros((height, width), dtype=int)
    covered = np.asarray(plane.covered)
    parts = ((1, plane.eval[covered]), (2, plane.eval[~covered]), (3, plane.train))
    for mark, rows in parts:
        x, y = _places(rows, low, high, size).T
        np.maximum.at(drawn, (height - 1 - y, x), mark)
    shown = [[MARKS[mark] for mark in line] for line in drawn.tolist()]
    for number in np.unique(plane.regions).tolist():
        x, y = _places(np.array([plane.middle(number)]), low, high, size)[0].tolist()
        text = str(number)
        start = min(x, width - len(text))
        shown[height - 1 - y][start : start + len(text)] = text
    return ["".join(line).rstrip() for line in shown]


def _places(rows: Floats, low: Floats, high: Floats, size: Ints) -> Ints:
    """Return column and line from below of every row, (n, 2)."""
    spans = np.maximum(high - low, 1e-12)
    found: Ints = np.rint((rows - low) / spans * size).astype(int)
    return found
