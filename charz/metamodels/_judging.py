"""The figures of judging: errors, coverage and width, by size of the training sample.

All are macro-averages: a dataset group counts once, however many rows it has. Errors of a
share are in points (hundredths), those of any other metric in its own unit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.metamodels import _link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from charz.records import Floats

    Row = dict[str, Any]

#: Training rows, from and below; the borders lie between the powers of two.
BUCKETS = {
    "all": (0, np.inf),
    "8": (0, 12),
    "16-32": (12, 48),
    "64-128": (48, 192),
    "256-512": (192, 768),
    ">=1024": (768, np.inf),
}
#: The groups that an interval serves worst: this share of them.
WORST = 0.25


def parts(settings: Any, n_train: Floats) -> Iterator[tuple[dict[str, str], Any]]:
    """Yield every setting and bucket that has rows, with the mask of its rows.

    >>> found = list(parts(np.array(["same", "same"]), np.array([8, 64])))
    >>> [(part["bucket"], int(rows.sum())) for part, rows in found]
    [('all', 2), ('8', 1), ('64-128', 1)]
    """
    for setting in np.unique(settings).tolist():
        for bucket, (least, most) in BUCKETS.items():
            inside = (settings == setting) & (n_train >= least) & (n_train < most)
            if inside.any():
                yield {"setting": setting, "bucket": bucket}, inside


def figures(answer: Floats, y: Floats, groups: Any, ends: Floats, n_eval: Floats) -> Row:
    """Return the macro-averaged figures of one method on some rows.

    Parameters
    ----------
    answer, y : arrays (rows,)
        What the method says, and the truth.
    groups : array (rows,)
    ends : array (rows, 2)
        Its intervals; NaN where there are none.
    n_eval : array (rows,)
        Rows that the truth was measured on: the noise floor of a share is
        sqrt(y (1 - y) / n_eval), the binomial standard error.
    """
    is_share = bool(y.max() <= 1)
    unit = 100.0 if is_share else 1.0
    error = answer - y
    covered = ((ends[:, 0] <= y) & (y <= ends[:, 1])).astype(np.float64)
    by_group = group_means(groups, np.abs(error), error, error**2, covered, ends[:, 1] - ends[:, 0])
    mae, bias, square, coverage, width = by_group.mean(axis=0)
    weights = _link.group_weights(groups)
    variance = np.average((y - np.average(y, weights=weights)) ** 2, weights=weights)
    floor = group_means(groups, np.sqrt(np.clip(y * (1 - y), 0, None) / n_eval)).mean()
    judged = bool(np.isfinite(ends[:, 0]).all())
    return {
        "n_rows": len(y),
        "n_groups": len(by_group),
        "unit": "points" if is_share else "metric",
        "mae": number(unit * mae),
        "mae_se": number(unit * standard_error(by_group[:, 0])),
        "bias": number(unit * bias),
        "r2": number(1 - square / variance) if variance > 0 else None,
        "coverage": number(coverage) if judged else None,
        "width": number(unit * width),
        "noise_floor": number(unit * floor) if is_share else None,
    }


def worst_coverage(y: Floats, groups: Any, ends: Floats) -> float | None:
    """Return the mean coverage of the quarter of groups that it is lowest in.

    >>> y, ends = np.zeros(4), np.array([[-1, 1], [-1, 1], [-1, 1], [1, 2]])
    >>> worst_coverage(y, np.arange(4), ends)
    0.0
    """
    if not np.isfinite(ends[:, 0]).all():
        return None
    covered = ((ends[:, 0] <= y) & (y <= ends[:, 1])).astype(np.float64)
    by_group = np.sort(group_means(groups, covered)[:, 0])
    return float(by_group[: math.ceil(WORST * len(by_group))].mean())


def ratio(answer: Floats, other: Floats, y: Floats, groups: Any) -> float | None:
    """Return the MAE of ``answer`` over that of ``other``, on the rows where both are defined.

    >>> y = np.array([0.5, 0.5])
    >>> ratio(y + 0.1, y + 0.2, y, np.array(["a", "b"]))
    0.5
    """
    both = np.isfinite(answer) & np.isfinite(other)
    if not both.any():
        return None
    errors = [np.abs(each[both] - y[both]) for each in (answer, other)]
    mae, base = group_means(groups[both], *errors).mean(axis=0)
    return number(round(mae / base, 12)) if base > 0 else None


def group_means(groups: Any, *columns: Floats) -> Floats:
    """Return the mean of every column within every group, (groups, columns)."""
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    sums = [np.bincount(codes, weights=column) for column in columns]
    return np.column_stack(sums) / sizes[:, None]


def standard_error(values: Floats) -> float:
    """Return the standard error of a mean over groups; NaN for one."""
    n = len(values)
    return float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")


def number(value: float) -> float | None:
    """Return a float that JSON can carry, or None."""
    return float(value) if np.isfinite(value) else None
