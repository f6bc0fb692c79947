"""How like the measured world a sample is: a conformal p-value of its novelty.

Novelty is the mean distance to the K nearest measured rows in standardised feature space;
every measured row's own novelty is taken to rows of *other* groups. The support of a sample
is the share of groups, the new one included, that were at least as novel:

    support = (1 + sum over groups of share(novelty >= sample's)) / (G + 1)

so a new dataset like those measured has a support spread evenly over (0, 1), and one
unlike all of them has 1 / (G + 1). Source: Bates et al. 2023 (arXiv 2104.08279), with
groups weighing the same.

Examples
--------
>>> import pandas as pd
>>> rng = np.random.default_rng(0)
>>> frame = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd"))
>>> known = fit(frame, np.arange(300) % 30)
>>> support(known, pd.DataFrame([[0.0] * 4, [9.0] * 4], columns=list("abcd"))).round(2)
array([0.9 , 0.03])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.metamodels import _design, _link

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

    Arrays = dict[str, np.ndarray]

K = 5
#: Rows kept to measure distances to, spread evenly over groups: bounds the stored arrays.
MOST_ROWS = 2000
CLIP = 8.0


def fit(features: pd.DataFrame, groups: ArrayLike) -> Arrays:
    """Keep standardised rows and the novelty of each, as arrays."""
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    kept = _spread(codes)
    names = sorted(
        name for name in map(str, features.columns) if not name.startswith(_design.HIDDEN)
    )
    X = _design.columns(features, names)
    known = np.asarray(np.isfinite(X).any(axis=0))
    X, names = X[:, known], [name for name, keep in zip(names, known, strict=True) if keep]
    quartiles = np.nanpercentile(X, [25, 50, 75], axis=0)
    spread = np.maximum((quartiles[2] - quartiles[0]) / 1.349, 0.2 * np.nanstd(X, axis=0))
    arrays = {
        "names": np.array(names, dtype=np.str_),
        "centre": quartiles[1],
        "spread": np.where(spread > 1e-12, spread, 1.0),
    }
    rows = _standardised(arrays, X[kept]).astype(np.float32)
    novelty = _novelty(rows, codes[kept], rows, codes[kept])
    order = np.argsort(novelty, kind="stable")
    weights = _link.group_weights(codes[kept])[order]
    above = np.append(np.cumsum(weights[::-1])[::-1] / weights.sum(), 0.0)
    n_groups = np.array(codes.max() + 1)
    arrays |= {"rows": rows, "row_groups": codes[kept].astype(np.int32)}
    return arrays | {"novelty": novelty[order], "above": above, "n_groups": n_groups}


def held_out(known: Arrays, features: pd.DataFrame, groups: ArrayLike) -> Floats:
    """Return the support of the rows that ``known`` was fitted on, each without its group.

    ``1 - held_out`` is the sign of risk to calibrate intervals with: it is for a measured row
    what ``1 - support`` is for a new one.

    Parameters
    ----------
    known : dict
        What `fit` returned for these very ``features`` and ``groups``.
    """
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    X = _design.columns(features, [str(name) for name in known["names"]])
    Z = _standardised(known, X).astype(np.float32)
    novelty = _novelty(Z, codes, known["rows"], known["row_groups"])
    at = np.searchsorted(known["novelty"], novelty - 1e-9)
    return np.asarray(known["above"][at], dtype=np.float64)


def support(known: Arrays, features: pd.DataFrame) -> Floats:
    """Return each row's support in (0, 1], (rows,); 1: well inside the measured world."""
    X = _design.columns(features, [str(name) for name in known["names"]])
    Z = _standardised(known, X).astype(np.float32)
    nobody = np.full(len(Z), -1)
    novelty = _novelty(Z, nobody, known["rows"], np.zeros(len(known["rows"]), dtype=np.int64))
    at = np.searchsorted(known["novelty"], novelty - 1e-9)
    n_groups = float(known["n_groups"])
    return np.asarray((1 + n_groups * known["above"][at]) / (n_groups + 1), dtype=np.float64)


def _spread(codes: Ints) -> Ints:
    """Return at most about MOST_ROWS rows, the same number from every group where it can."""
    each = max(K, MOST_ROWS // (int(codes.max()) + 1))
    picked = []
    for code in range(codes.max() + 1):
        rows = np.flatnonzero(codes == code)
        at = np.linspace(0, len(rows) - 1, min(each, len(rows))).round().astype(np.int64)
        picked.append(rows[at])
    return np.concatenate(picked)


def _standardised(arrays: Arrays, X: Floats) -> Floats:
    """Return columns in robust units, missing ones at the centre, clipped against outliers."""
    Z = np.nan_to_num((X - arrays["centre"]) / arrays["spread"], nan=0.0)
    return np.clip(Z, -CLIP, CLIP)


def _novelty(Z: Floats, codes: Ints, rows: Floats, row_codes: Ints) -> Floats:
    """Return the mean distance to the K nearest rows of other groups, (len(Z),)."""
    answers = np.zeros(len(Z))
    for i in range(0, len(Z), 512):
        block = Z[i : i + 512].astype(np.float64)
        squared = (block**2).sum(axis=1)[:, None] + (rows.astype(np.float64) ** 2).sum(axis=1)
        squared = np.maximum(squared - 2 * block @ rows.T.astype(np.float64), 0)
        squared[codes[i : i + 512, None] == row_codes[None, :]] = np.inf
        nearest = np.sort(squared, axis=1)[:, :K]
        nearest = np.where(np.isfinite(nearest), nearest, np.nan)
        some = np.isfinite(nearest).any(axis=1)
        answers[i : i + 512][some] = np.nanmean(np.sqrt(nearest[some]), axis=1)
    return answers
