"""What a labelled sample says of its own learning curve: probes on nested parts of it.

Rows are shuffled a few times; of each shuffle the first n/16, n/8, n/4 and n/2 rows are a part,
nested in the next. On every part the probe that would be deployed is fitted, its penalty chosen
anew by cross-validation inside the part, and scored on all rows outside. Cross-validation on all
rows gives one point more, for the (folds - 1)/folds of n that its fits have seen. Rows are first
put in an order that follows from their values, so that another order changes nothing.

Source: Johnson, Anderson, Dras and Steedman, Predicting accuracy on large datasets from smaller
pilot data, ACL 2018, whose pilots show why the penalty must be chosen at every size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz import metrics, shelf
from charz.records import Draw

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample

N_DRAWS = 4
SHARES = (16, 8, 4, 2)
"""Parts are n over these."""
FOLDS = 5
LEAST = 2
"""Rows of the smallest part."""


@dataclass(frozen=True)
class Pilot:
    """What was measured inside a labelled sample of ``n`` rows.

    Attributes
    ----------
    n, n_classes : int
    majority : float
        Share of the most frequent class.
    entropy : float
        Of the labels, in nats.
    sizes : int array (points,)
        Ascending; the last is the size that cross-validation stands for.
    scores : dict of float arrays (points,)
        For every metric of `charz.metrics` the mean over the shuffles.
    code : float
        Length of the labels' online code in bits per row.
    """

    n: int
    n_classes: int
    majority: float
    entropy: float
    sizes: Ints
    scores: dict[str, Floats]
    code: float


def sizes(n: int) -> list[int]:
    """Return the sizes of the parts of n rows, ascending, each once.

    >>> sizes(64), sizes(4), sizes(3)
    ([4, 8, 16, 32], [2], [])
    """
    return sorted({n // share for share in SHARES if n // share >= LEAST})


def measure(sample: Sample, n_draws: int = N_DRAWS) -> Pilot:
    """Measure a sample: see the module. Its eval rows are not looked at.

    Parameters
    ----------
    sample : Sample
        With at least two classes, rows in an order that follows from their values
        (`charz.labelled.Labelled.places`).
    n_draws : int
        Shuffles.

    Examples
    --------
    >>> from charz.sample import Sample
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [7.0], [8.0], [9.0], [10.0]])
    >>> pilot = measure(Sample(X, np.repeat([0, 1], 4), X[:1]))
    >>> pilot.sizes.tolist(), pilot.scores["accuracy"].round(2).tolist()
    ([2, 4, 6], [0.67, 1.0, 1.0])
    """
    X, y, n = sample.X_train, sample.y_train, sample.n_train
    parts = sizes(n)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(n) for _ in range(n_draws)]
    draws = [Draw(order[:size], y[order[:size]]) for order in orders for size in parts]
    probe = shelf.load("probes", "logistic")
    found, nats = [], []
    for draw, answer in zip(draws, probe.predict(X, draws, [X], sample.n_classes), strict=True):
        rest = np.setdiff1d(np.arange(n), draw.rows, assume_unique=True)
        P = answer.probabilities[0][rest]
        found.append(metrics.measure(P, y[rest]))
        nats.append(_nats(P, y[rest], len(draw.rows)))
    validated = metrics.measure(np.asarray(sample.head.cv_probabilities), y)
    shares = np.bincount(y)[sample.present] / n
    folds = min(FOLDS, n)
    return Pilot(
        n=n,
        n_classes=sample.n_classes,
        majority=float(shares.max()),
        entropy=float(-(shares * np.log(shares)).sum()),
        sizes=np.array([*parts, max(n * (folds - 1) // folds, 1)]),
        scores={name: _means(found, name, len(parts), validated) for name in metrics.NAMES},
        code=_code(parts, n, nats, len(shares)),
    )


def _means(
    found: list[dict[str, float]], name: str, n_parts: int, validated: dict[str, float]
) -> Floats:
    """Return a metric's means over the shuffles by size, cross-validation's own at the end."""
    table = np.array([each[name] for each in found]).reshape(len(found) // max(n_parts, 1), n_parts)
    known = np.isfinite(table)
    means = np.where(known, table, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.append(np.where(known.any(axis=0), means, np.nan), validated[name])


def _nats(P: Floats, y: Ints, n_seen: int) -> float:
    """Return the mean length of labels' codes, one pseudo-row spread over all classes.

    Without it a class that was not seen yet would cost an endless code.
    """
    own = P[np.arange(len(y)), y]
    return float(-np.log((n_seen * own + 1 / P.shape[1]) / (n_seen + 1)).mean())


def _code(parts: list[int], n: int, nats: list[float], n_classes: int) -> float:
    """Return the length of the online code whose blocks are the parts, in bits per row.

    Source: Voita and Titov, EMNLP 2020, section 2.2.2: the first block at log2 K bits a row, each
    further one at the log-loss of the probe trained on all rows before it.
    """
    if not parts:
        return math.log2(n_classes)
    ends = np.array([*parts[1:], n])
    blocks = (ends - np.array(parts)) @ np.reshape(nats, (-1, len(parts))).mean(axis=0)
    return float(parts[0] * math.log(n_classes) + blocks) / math.log(2) / n
