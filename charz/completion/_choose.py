"""Choosing among encoders: filters on facts, the Pareto front, and reasons for a value.

Examples
--------
>>> import pandas as pd
>>> facts = pd.DataFrame({"n_params": [1e8, 7e9, np.nan], "n_dims": [384, 4096, 768],
...     "max_tokens": [512, 512, 512], "open": [True, True, False], "license": ["mit", "", ""],
...     "languages": [("eng",), ("eng", "deu"), ()]}, index=["a", "b", "c"])
>>> list(facts.index[keep(facts, max_params=1e9)]), list(facts.index[keep(facts, language="deu")])
(['a'], ['b'])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from charz.completion import _gaussian, _model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from charz.completion._model import Model
    from charz.records import Floats

LIMITS = {"max_params": "n_params", "max_dims": "n_dims"}


def keep(
    facts: pd.DataFrame,
    *,
    max_params: float | None = None,
    max_dims: float | None = None,
    min_tokens: float | None = None,
    is_open: bool | None = None,
    language: str | None = None,
    license: str | None = None,  # noqa: A002  the fact's name
) -> np.ndarray:
    """Return which encoders (rows,) meet every condition; what is unknown meets none.

    ``min_tokens`` is the length that must fit, ``language`` an ISO 639-3 code.
    """
    kept = np.ones(len(facts), dtype=bool)
    for limit, column in ((max_params, LIMITS["max_params"]), (max_dims, LIMITS["max_dims"])):
        if limit is not None:
            kept &= (facts[column] <= limit).to_numpy(dtype=bool)
    if min_tokens is not None:
        kept &= (facts["max_tokens"] >= min_tokens).to_numpy(dtype=bool)
    if is_open is not None:
        kept &= np.array([value == is_open for value in facts["open"]], dtype=bool)
    if language is not None:
        kept &= np.array([language in known for known in facts["languages"]], dtype=bool)
    if license is not None:
        kept &= (facts["license"].str.lower() == license.lower()).to_numpy(dtype=bool)
    return kept


def unstated(facts: pd.DataFrame, **limits: Any) -> dict[str, int]:
    """Return how many encoders leave unknown what a condition of `keep` asks, by the condition.

    >>> facts = pd.DataFrame({"n_params": [1e8, np.nan], "license": ["", "mit"]})
    >>> unstated(facts, max_params=1e9, license="mit", max_dims=None)
    {'max_params': 1, 'license': 1}
    """
    columns = {**LIMITS, "min_tokens": "max_tokens", "is_open": "open", "language": "languages"}
    found = {}
    for limit in (name for name, value in limits.items() if value is not None):
        known = facts[columns.get(limit, limit)]
        blank = [len(each) == 0 if isinstance(each, str | tuple) else pd.isna(each)
                 for each in known]  # fmt: skip
        found[limit] = sum(map(bool, blank))
    return found


def front(value: ArrayLike, cost: ArrayLike) -> np.ndarray:
    """Return which rows no other row beats: none is as good for less, or better for as much.

    An unknown cost counts as infinite.

    >>> front([0.9, 0.8, 0.7], [10, 1, 2]).tolist()
    [True, True, False]
    """
    v = np.asarray(value, dtype=np.float64)
    c = np.nan_to_num(np.asarray(cost, dtype=np.float64), nan=np.inf)
    order = np.lexsort((-v, c))
    above = np.maximum.accumulate(np.append(-np.inf, v[order]))[:-1]
    kept = np.zeros(len(v), dtype=bool)
    kept[order] = v[order] > above
    # Rows that equal one of the front in both are as good as it.
    same = {pair for pair, inside in zip(zip(v, c, strict=True), kept, strict=True) if inside}
    return np.array([pair in same for pair in zip(v, c, strict=True)], dtype=bool)


def moved(
    model: Model, scores: Mapping[str, float], facts: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return what each measured score did to each prediction of a new task.

    Returns
    -------
    frame (measured, encoders)
        On the probit scale; a column sums to the mean with the scores less that without.
    """
    seen = _model.observed(model, "tasks", scores, None)
    found = _gaussian.influence(_model.prior(model, "tasks", facts), **seen)
    return pd.DataFrame(found, index=list(scores), columns=model.encoders.index)


def nearest(model: Model, mean: Floats, n: int = 5) -> pd.DataFrame:
    """Return the tasks of the record whose fitted scores over encoders are most like ``mean``.

    Parameters
    ----------
    mean : array (encoders,)
        A new task's means on the probit scale.

    Returns
    -------
    frame (n, 2)
        ``task`` and ``distance``: the root mean squared difference, nearest first. Empty for an
        item without factors.
    """
    if "tasks.mean" not in model.arrays or "encoders.slopes" not in model.arrays:
        return pd.DataFrame({"task": pd.Series(dtype=object), "distance": pd.Series(dtype=float)})
    fitted = model.arrays["middle"] + model.arrays["tasks.mean"] @ model.arrays["encoders.mean"].T
    distance = np.sqrt(((fitted - mean) ** 2).mean(axis=1))
    order = np.argsort(distance, kind="stable")[:n]
    return pd.DataFrame({"task": model.tasks.index[order], "distance": distance[order]})


def task_facts(given: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row of task facts from what is known of it.

    Raises
    ------
    UnknownNameError
        When a fact is not one of a task's.
    """
    from charz.completion._record import LISTS, TASKS, blank
    from charz.errors import UnknownNameError

    frame = blank(TASKS, [""])
    for name, value in given.items():
        if name not in TASKS:
            raise UnknownNameError.among("task fact", name, TASKS)
        if name in LISTS:
            frame[name] = [(value,) if isinstance(value, str) else tuple(value)]
        else:
            frame[name] = [value]
    return frame
