"""Baselines that know names: which encoder and which task a score belongs to.

*Additive*: a score is the effect of its encoder plus that of its task plus that of its size,
on the learned scale (the two-way layout of analysis of variance; Scheffe 1959). *Static
order*: an encoder's score is the mean of all plus its mean lead over what was measured at the
same place. Neither sees features, so what a metamodel adds to names shows.

A held-out encoder's effect is unknown: the mean of its lineage stands in, else of all
encoders. For a held-out task it is the mean of the tasks of its setting.

Examples
--------
>>> import pandas as pd
>>> known = pd.DataFrame({"encoder": list("abab"), "lineage": list("abab"), "task": list("xxyy"),
...                       "setting": "same", "size": 4, "place": list("xxyy")})
>>> asked = known.head(2).assign(task="z")
>>> additive(known, [0.8, 0.6, 0.8, 0.6], list("xxyy"), asked).round(3)
array([0.8, 0.6])
>>> static_order(known, [0.8, 0.6, 0.8, 0.6], list("xxyy"), asked).round(3)
array([0.8, 0.6])
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from charz.metamodels import _link

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints

FACTORS = ("encoder", "task", "size")
#: What an unknown level is taken to be like: the mean of those that share this.
LIKE = {"encoder": "lineage", "task": "setting"}
PLACE = ("dataset", "eval_dataset", "protocol", "seed", "eval_seed", "n_train", "n_eval")
"""Rows alike in these differ in the encoder alone."""


def names(keys: pd.DataFrame, settings: ArrayLike, lineages: ArrayLike) -> pd.DataFrame:
    """Return the names that these baselines know each row by.

    Parameters
    ----------
    keys : frame (rows, ...)
        With ``encoder`` and the columns of `PLACE`.

    Returns
    -------
    frame (rows, 6)
        ``encoder, lineage, task, setting, size, place``: the size in doublings.
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "encoder": keys["encoder"].to_numpy(),
            "lineage": np.asarray(lineages),
            "task": keys.groupby(["dataset", "eval_dataset"], sort=True).ngroup().to_numpy(),
            "setting": np.asarray(settings),
            "size": np.log2(keys["n_train"].to_numpy(dtype=np.float64)).round(),
            "place": keys.groupby(list(PLACE), sort=True).ngroup().to_numpy(),
        }
    )


def additive(
    known: pd.DataFrame, target: ArrayLike, groups: ArrayLike, asked: pd.DataFrame
) -> Floats:
    """Predict by effects of encoder, task and size, least squares with groups weighing alike.

    Parameters
    ----------
    known, asked : frames (rows, ...)
        As `names` gives them: what was measured, and what is to be predicted.
    target, groups : arrays (rows of ``known``,)
    """
    truth = np.asarray(target, dtype=np.float64)
    link, weights = _link.choose(truth), _link.group_weights(groups)
    levels = {factor: np.unique(known[factor], return_inverse=True) for factor in FACTORS}
    codes = [levels[factor][1] for factor in FACTORS]
    effects = _effects(codes, _link.to_scale(link, truth), weights)
    total = np.zeros(len(asked))
    for factor, effect in zip(FACTORS, effects, strict=True):
        total += _looked_up(factor, known, asked, effect[levels[factor][1]], weights)
    return _link.from_scale(link, total)


def _effects(codes: Sequence[Ints], y: Floats, weights: Floats) -> list[Floats]:
    """Return the effects of every factor's levels: the least-norm solution, weighted."""
    starts = np.cumsum([0, *(code.max() + 1 for code in codes)])
    places = [code + start for code, start in zip(codes, starts[:-1], strict=True)]
    normal, right = np.zeros((starts[-1], starts[-1])), np.zeros(starts[-1])
    for rows in places:
        np.add.at(right, rows, weights * y)
        for columns in places:
            np.add.at(normal, (rows, columns), weights)
    solved = np.linalg.lstsq(normal, right, rcond=1e-10)[0]
    return [solved[a:b] for a, b in itertools.pairwise(starts)]


def _looked_up(
    factor: str, known: pd.DataFrame, asked: pd.DataFrame, effect: Floats, weights: Floats
) -> Floats:
    """Return the effect of each asked row's level, of what is like it, or the mean."""
    import pandas as pd

    table = pd.DataFrame({"effect": effect * weights, "weight": weights})
    answer = pd.Series(np.nan, index=range(len(asked)))
    for column in [factor, LIKE[factor]] if factor in LIKE else [factor]:
        sums = table.groupby(known[column].to_numpy()).sum()
        means = sums["effect"] / sums["weight"]
        answer = answer.fillna(pd.Series(means.reindex(asked[column].to_numpy()).to_numpy()))
    mean = np.average(effect, weights=weights)
    return np.asarray(answer.fillna(mean), dtype=np.float64)


def static_order(
    known: pd.DataFrame, target: ArrayLike, groups: ArrayLike, asked: pd.DataFrame
) -> Floats:
    """Predict by the constant plus the encoder's mean lead: one order for every task.

    A lead is a score less the mean at the same place, averaged within groups, then over them; an
    encoder that was never beside another has none, and is given its lineage's, else 0.
    """
    import pandas as pd

    truth = np.asarray(target, dtype=np.float64)
    constant = np.average(truth, weights=_link.group_weights(groups))
    table = known[["encoder", "lineage", "place"]].assign(y=truth, group=np.asarray(groups))
    at = table.groupby("place")["y"]
    table["lead"] = (table["y"] - at.transform("mean")).where(at.transform("size") > 1)
    answer = pd.Series(np.nan, index=range(len(asked)))
    for column in ("encoder", "lineage"):
        leads = table.groupby([column, "group"])["lead"].mean().groupby(level=0).mean()
        answer = answer.fillna(pd.Series(leads.reindex(asked[column].to_numpy()).to_numpy()))
    highest = 1.0 if _link.choose(truth) == "share" else np.inf
    return np.clip(constant + answer.fillna(0.0).to_numpy(), 0, highest)
