"""Recommend encoders for a task from the accuracies of a few.

The protocol's record comes with the package as a fitted model; no registry is needed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from charz.completion import _best, _choose, _model, _scale
from charz.errors import InputError, UnknownNameError
from charz.paths import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from charz.completion._model import Model

SHIPPED = PACKAGE / "completion" / "shipped"
COLUMNS = ("encoder", "value", "low", "high", "p_best")


def recommend_from_scores(
    scores: Mapping[str, float],
    protocol: str = "mteb",
    facts: Mapping[str, object] | None = None,
    *,
    level: float = 0.9,
    error: float | None = None,
    model: Model | None = None,
) -> pd.DataFrame:
    """Predict what every other encoder of a record would reach on a task.

    Parameters
    ----------
    scores : mapping of encoder name to accuracy in [0, 1]
        What was measured on the task, under the protocol. May be empty where ``facts`` are given.
    protocol : str
        ``mteb``: logistic regression on 8 rows per class, the mean of 10 draws, on the test split.
    facts : mapping, optional
        What is known of the task: ``n_classes``, ``languages`` (ISO 639-3 codes), ``domains``,
        ``mean_chars``, ``n_per_class``.
    level : float
        Coverage that the intervals promise, in (0, 1).
    error : float, optional
        Standard error of each accuracy given; default: the usual one of the record.
    model : optional
        A model fitted on another record; ``protocol`` is then not looked at.

    Returns
    -------
    frame (encoders, 5)
        ``encoder``, ``value``, ``low``, ``high`` and ``p_best``, the probability that it is the
        best of all encoders, those measured among them; highest value first.

    Raises
    ------
    UnknownNameError
        When an encoder, a fact or the protocol is unknown.
    InputError
        When an accuracy lies outside [0, 1], or neither scores nor facts are given.

    Examples
    --------
    >>> found = recommend_from_scores({"BAAI/bge-m3": 0.71, "intfloat/multilingual-e5-small": 0.64})
    >>> list(found.columns)
    ['encoder', 'value', 'low', 'high', 'p_best']
    >>> bool((found.low <= found.value).all() and (found.value <= found.high).all())
    True
    """
    if not scores and not facts:
        raise InputError("there is nothing to go by", "give scores, or facts of the task")
    model = shipped(protocol) if model is None else model
    known = _choose.task_facts(facts) if facts else None
    joint = _model.new_task(model, scores, known, error)
    low, high = _model.interval(joint, float(np.median(model.noise)), level)
    found = pd.DataFrame(
        {
            "encoder": model.encoders.index.to_numpy(),
            "value": _scale.to_accuracy(joint.mean),
            "low": low,
            "high": high,
            "p_best": _best.p_best(joint),
        }
    )
    found = found[~found["encoder"].isin(list(scores))]
    return found.sort_values(["value", "encoder"], ascending=[False, True], ignore_index=True)


@cache
def shipped(protocol: str) -> Model:
    """Return the model that comes with the package for a protocol.

    Raises
    ------
    UnknownNameError
        When none comes for it.
    """
    known = {path.stem: path for path in SHIPPED.glob("*.npz")}
    if protocol not in known:
        raise UnknownNameError.among("protocol", protocol, known)
    return _model.from_bytes(known[protocol].read_bytes())
