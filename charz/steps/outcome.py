"""Outcome: the truth about a prediction, once it is known."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from charz import metrics
from charz.errors import InputError, UnknownNameError
from charz.schema import TABLES
from charz.steps import _files
from charz.store import Store


def record(
    store: Store, prediction: str, value: float, n_eval: int | None = None
) -> dict[str, Any]:
    """Record what a predicted metric turned out to be.

    Parameters
    ----------
    prediction : str
        The prediction's key, or the beginning of it.
    value : float
        The metric in its own units (accuracy in [0, 1]).
    n_eval : int, optional
        On how many labelled rows it was measured.

    Returns
    -------
    dict
        ``key``, ``metric``, ``predicted``, ``low``, ``high``, ``value``, ``covered``.

    Raises
    ------
    UnknownNameError
        When no prediction, or more than one, has such a key.
    InputError
        When the value is outside the metric's range, or another outcome is recorded already.
    """
    row = _find(store, prediction)
    highest = float("inf") if row["metric"] == "log_loss" else 1.0
    if not 0 <= value <= highest:
        raise InputError(f"{value} is no {row['metric']}", f"give a number from 0 to {highest:g}")
    there = store.row("outcome", prediction_id=row["id"])
    if there is not None and there["value"] != value:
        raise InputError(
            f"the prediction {row['key']} has the outcome {there['value']}",
            "an outcome is recorded once",
        )
    outcome = {"prediction_id": row["id"], "value": value, "n_eval": n_eval}
    store.put("outcome", [outcome | {"run_id": store.run_id}])
    return {
        "key": row["key"],
        "metric": row["metric"],
        "predicted": row["value"],
        "low": row["low"],
        "high": row["high"],
        "value": value,
        "covered": row["low"] <= value <= row["high"],
    }


def measure(
    store: Store,
    prediction: str,
    train: str,
    eval: str,  # noqa: A002 - the option's name
    **columns: Any,
) -> dict[str, Any]:
    """Measure the outcome of a prediction once its eval texts are labelled, and record it.

    Parameters
    ----------
    prediction : str
        The prediction's key, or the beginning of it.
    train, eval : str
        The files that the prediction was made from, the second now with labels.
    **columns
        ``text_column``, ``pair_column``, ``label_column``, ``encoding``.

    Raises
    ------
    InputError
        When the files are not those of the prediction, or it is one for another size.
    """
    row = _find(store, prediction)
    if row["encoder_spec"] is None or row["at"] is not None:
        raise InputError(
            f"the prediction {row['key']} was not made from such files", "give its --value"
        )
    found = _files.read(row["encoder_spec"], train, eval, eval_labelled=True, **columns)
    if _files.fingerprint(found.sample) != row["sample_fingerprint"]:
        raise InputError(
            f"the prediction {row['key']} was made from other texts than '{train}' and '{eval}'",
            "give the very rows that were predicted for, now labelled",
        )
    y_eval = _files.codes(found.eval_labels or (), found.classes, eval)
    measured = metrics.measure(found.sample.head.probabilities[0], y_eval)
    return record(store, prediction, measured[row["metric"]], len(y_eval))


def _find(store: Store, prefix: str) -> sa.RowMapping:
    table = TABLES["prediction"]
    found = store.rows(sa.select(table).where(table.c.key.startswith(prefix, autoescape=True)))
    if len(found) == 1 and prefix:
        return found[0]
    keys = [row["key"] for row in store.rows(sa.select(table.c.key))]
    if len(found) > 1:
        raise UnknownNameError(
            f"{len(found)} predictions have keys that begin with '{prefix}'", "give more of it"
        )
    raise UnknownNameError.among("prediction", prefix, keys)
