"""What a selector sees of samples: sizes, and how heads do on rows left out.

Signs are the same whether they come from a registry's results or from a sample at hand. All are
arrays (samples,); differences are those to the logistic head.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.heads import HEADS

if TYPE_CHECKING:
    from charz.records import Floats

    Scores = Mapping[str, Floats]


@dataclass(frozen=True)
class Facts:
    """What is known of samples before a head is fitted, arrays (samples,).

    ``n_classes`` counts the classes among the training rows; ``majority`` is the share of the
    most frequent of them.
    """

    n_train: Floats
    n_classes: Floats
    n_dims: Floats
    majority: Floats


def signs(facts: Facts, cv: Scores, loss: Scores, C: Floats) -> dict[str, Floats]:
    """Return the signs of samples by name.

    Parameters
    ----------
    facts : Facts
    cv, loss : mappings of head to array (samples,)
        Cross-validated accuracy and log-loss of each of `HEADS`.
    C : array (samples,)
        What the logistic head chose.
    """
    n, k, d = (
        np.asarray(each, dtype=np.float64)
        for each in (facts.n_train, np.maximum(facts.n_classes, 2), facts.n_dims)
    )
    found = {
        "log_n": np.log2(n),
        "log_k": np.log2(k),
        "log_n_per_class": np.log2(n / k),
        "log_n_per_dim": np.log2(n / d),
        "majority": facts.majority,
        "lift": (cv["logistic"] - facts.majority) / (1.02 - facts.majority),
        "cv": cv["logistic"],
        "cv_loss": loss["logistic"] / np.log(k),
        "cv_best": np.max([cv[name] for name in HEADS], axis=0),
        "log_C": np.log10(C),
    }
    for name in HEADS[1:]:
        found[f"cv_{name}"] = cv[name] - cv["logistic"]
        found[f"loss_{name}"] = (loss[name] - loss["logistic"]) / np.log(k)
    return found


def error(n_train: Floats, accuracy: Floats) -> Floats:
    """Return the size of error to expect, (samples,): binomial on the training rows, and more.

    The scale that residuals are kept in: ``sqrt(p (1 - p) / n + 0.01^2)`` with p drawn a little
    towards one half.
    """
    p = (np.asarray(accuracy) * n_train + 1) / (np.asarray(n_train) + 2)
    scale: Floats = np.sqrt(p * (1 - p) / n_train + 1e-4)
    return scale
