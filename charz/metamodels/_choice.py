"""How good a choice of encoder is, made for a new dataset by what a method says.

A *set* is what one would choose from: encoders measured on the same rows. Over sets of at
least `LEAST_ENCODERS` encoders of `LEAST_LINEAGES` lineages,

- *tau*: Vigna's weighted Kendall correlation of said and true scores, where the top counts
  most (Vigna 2015, arXiv 1404.3325); 0 where a method says the same of all;
- *regret at k*: the best true score less the best among the k that the method puts first.
  Equals at the border are drawn at random: the mean over the draws is taken.

Examples
--------
>>> truth = np.array([0.9, 0.8, 0.7])
>>> round(regret(np.array([0.1, 0.3, 0.2]), truth, 1), 3)
0.1
>>> round(regret(np.zeros(3), truth, 1), 3)
0.1
>>> round(tau(truth, truth), 9)
1.0
"""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.metamodels import _judging

if TYPE_CHECKING:
    import pandas as pd

    from charz.records import Floats, Ints

LEAST_ENCODERS = 5
LEAST_LINEAGES = 3
AT = (1, 3)
COLUMNS = ("tau", *(f"regret_{k}" for k in AT))


def sets(names: pd.DataFrame, rows: Any) -> list[Ints]:
    """Return the row numbers of every set, in order of place.

    Parameters
    ----------
    names : frame (rows, ...)
        With ``encoder``, ``lineage`` and ``place`` (`charz.metamodels._judging_baselines`).
    rows : array of bool (rows,)
        The rows that may be in a set.
    """
    at = np.flatnonzero(rows)
    chosen = names.iloc[at]
    by_place = chosen.groupby("place")[["encoder", "lineage"]].nunique()
    enough = (by_place["encoder"] >= LEAST_ENCODERS) & (by_place["lineage"] >= LEAST_LINEAGES)
    places = chosen["place"].to_numpy()
    order = np.argsort(places, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(places[order]) != 0])
    found = np.split(at[order], starts[1:]) if len(at) else []
    return [each for each in found if enough[names["place"].iloc[each[0]]]]


def judge(answer: Floats, truth: Floats, chosen: list[Ints]) -> Floats:
    """Return `COLUMNS` of every set, (sets, 3); NaN where there is nothing to tell apart.

    Parameters
    ----------
    answer, truth : arrays (rows,)
        Larger is better.
    """
    found = np.full((len(chosen), len(COLUMNS)), np.nan)
    for number, rows in enumerate(chosen):
        said, true = answer[rows], truth[rows]
        if np.isfinite(said).all() and np.ptp(true) > 0:
            found[number] = [tau(said, true), *(regret(said, true, k) for k in AT)]
    return found


def tau(said: Floats, true: Floats) -> float:
    """Return the weighted Kendall correlation, in [-1, 1], as scipy's ``weightedtau`` has it.

    Pairs weigh 1 / (1 + rank) of either member, added; ranks once by each of the two scores.
    """
    if np.ptp(said) == 0 or np.ptp(true) == 0:
        return 0.0
    agree = np.sign(said[:, None] - said) * np.sign(true[:, None] - true)
    both = []
    for first, second in ((said, true), (true, said)):
        weight = np.empty(len(said))
        weight[np.lexsort((second, first))[::-1]] = 1 / (1 + np.arange(len(said)))
        pairs = weight[:, None] + weight
        untied = [(pairs * (each[:, None] != each)).sum() for each in (said, true)]
        both.append((pairs * agree).sum() / np.sqrt(untied[0] * untied[1]))
    return float(np.clip(np.mean(both), -1, 1))


def regret(said: Floats, true: Floats, k: int) -> float:
    """Return what choosing among the ``k`` first costs, in the metric's units, >= 0."""
    k = min(k, len(said))
    border = np.sort(said)[-k]
    sure, drawn = true[said > border], np.sort(true[said == border])[::-1]
    n_drawn = k - len(sure)
    least = sure.max() if len(sure) else -np.inf
    # The best drawn is the j-th best of the equals when all others come from those below it.
    ways = [comb(len(drawn) - j - 1, n_drawn - 1) for j in range(len(drawn))]
    best = np.maximum(drawn, least) @ np.array(ways, dtype=np.float64)
    return float(true.max() - best / comb(len(drawn), n_drawn))


def figures(judged: Floats, groups: Any, unit: float) -> dict[str, Any]:
    """Return the macro-averaged figures of some sets, regrets in units of 1 / ``unit``.

    Parameters
    ----------
    judged : array (sets, 3)
        What `judge` gave.
    groups : array (sets,)
    """
    known = np.isfinite(judged).all(axis=1)
    if not known.any():
        return {"n_sets": 0, "tau": None, "tau_se": None} | dict.fromkeys(COLUMNS[1:])
    by_group = _judging.group_means(groups[known], *judged[known].T)
    found = dict(zip(COLUMNS, by_group.mean(axis=0).tolist(), strict=True))
    return {
        "n_sets": int(known.sum()),
        "tau": found["tau"],
        "tau_se": _judging.number(_judging.standard_error(by_group[:, 0])),
        **{name: unit * found[name] for name in COLUMNS[1:]},
    }
