"""A panel of heads on one sample: logistic, ridge, five neighbours, centroid.

The deployed probe and three cheap heads of other families, all made of what the sample's
features share: no fit begins from raw rows. ``ridge`` has its penalty, among 10^-3 .. 10^2 times
the mean squared length of a centred row, by generalised cross-validation (Golub, Heath and
Wahba, 1979); ``knn`` has k = 5 or 20, by the log-loss of left-out rows, every row no farther than
the k-th voting, ties going to the larger class; ``centroid`` is the nearest class mean. The probes
of these names choose among more k, and penalties by left-out errors: the panel mostly answers as
they do. Of training rows the answers are out of fold, or by heads that the row was left out of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.distances import near
from charz.features._centroids import mean_distances
from charz.metrics import EPSILON
from charz.ridge import PENALTIES

if TYPE_CHECKING:
    from charz.distances import Distances
    from charz.records import Floats, Ints
    from charz.sample import Sample

FEW, MANY = 5, 20


@dataclass(frozen=True)
class Panel:
    """The classes that four heads choose, the deployed one first.

    Attributes
    ----------
    rows : int array (s,)
        The training rows that are answered: all up to 2,048, an even choice of more.
    source : int array (4, s)
        Answers on ``rows`` by heads that did not see the row.
    target : int array (4, n_eval)
    """

    rows: Ints
    source: Ints
    target: Ints


def panel(sample: Sample) -> Panel | None:
    """Return the heads' answers, None where fewer than two classes have labelled rows."""
    if len(sample.present) < 2:
        return None
    taught = sample.once_labelled(_taught)
    points, prior = sample.eval_points, sample.class_counts / sample.n_train
    votes = (
        sample.eval_near.votes if taught.k == FEW else _neighbours(sample.eval_distances, sample)
    )
    scores = (
        sample.head.probabilities[0],
        points.rows @ taught.weights.astype(points.rows.dtype) + prior,
        votes[taught.k] + prior,
        -mean_distances(sample, points),
    )
    return Panel(sample.asking, taught.source, _choices(scores))


@dataclass(frozen=True)
class _Taught:
    """What labelled rows alone make: answers left out, the ridge's weights, the voters."""

    source: Ints
    weights: Floats
    k: int


def _taught(sample: Sample) -> _Taught:
    rows, prior = sample.asking, sample.class_counts / sample.n_train
    ridge, weights = _ridge(sample)
    k, votes = _votes(sample)
    P = sample.head.cv_probabilities
    assert P is not None  # noqa: S101  (the deployed probe has folds)
    source = (P[rows], ridge[rows], votes + prior, _left_out_means(sample)[rows])
    return _Taught(_choices(source), weights, k)


def _choices(scores: tuple[Floats, ...]) -> Ints:
    return np.stack([S.argmax(axis=1) for S in scores])


def _votes(sample: Sample) -> tuple[int, Floats]:
    """Return the number of voters and the votes on the rows `asking`, (s, K)."""
    few, many = sample.near.votes[FEW], _neighbours(sample.distances, sample)[MANY]
    is_few = _log_loss(sample, few) <= _log_loss(sample, many)
    return (FEW, few) if is_few else (MANY, many)


def _neighbours(distances: Distances, sample: Sample) -> dict[int, Floats]:
    return near(distances, sample.one_hot, (MANY,)).votes


def _log_loss(sample: Sample, votes: Floats) -> float:
    """Return the mean log-loss of (v + f) / (k + 1), f the class frequency among other rows."""
    own = sample.y_train[sample.asking]
    prior = (sample.class_counts[own] - 1) / (sample.n_train - 1)
    shares = (votes[np.arange(len(own)), own] + prior) / (votes.sum(axis=1) + 1)
    return -float(np.log(np.maximum(shares, EPSILON)).mean())


def _left_out_means(sample: Sample) -> Floats:
    """Return scores by class means that were taken without the row, (n_train, n_classes)."""
    rows, own = np.arange(sample.n_train), sample.y_train
    distances = mean_distances(sample, sample.points)
    counts = sample.class_counts[own]
    grown = distances[rows, own] * (counts / np.maximum(counts - 1, 1)) ** 2
    distances[rows, own] = np.where(counts > 1, grown, np.inf)
    return -distances


def _ridge(sample: Sample) -> tuple[Floats, Floats]:
    """Return scores of training rows left out, (n_train, K), and weights of centred rows."""
    solved = sample.factor.solve(sample.turned_labels, np.array(PENALTIES))
    best = _least_error(sample, solved)
    solution, rest = solved[best], sample.left[best, :, None]
    prior = sample.class_counts / sample.n_train
    fitted = sample.turned_rows.T @ solution.astype(sample.turned_rows.dtype)
    if sample.is_wide:
        residuals = PENALTIES[best] * fitted
        W = sample.centered.T @ fitted / sample.unit
    else:
        residuals = sample.one_hot - prior - fitted
        W = sample.factor.axes @ solution
    # A row that no other speaks of has nothing left.
    left_out = sample.one_hot - residuals / np.maximum(rest, np.finfo(np.float64).tiny)
    return left_out, W


def _least_error(sample: Sample, solved: Floats) -> int:
    """Return the place of the penalty of least generalised cross-validation error."""
    a, labels = np.array(PENALTIES), sample.turned_labels
    squares = np.einsum("grk,grk->g", solved, solved)
    if sample.is_wide:
        errors = a**2 * squares
    else:
        total = sample.n_train - float(sample.class_counts @ sample.class_counts) / sample.n_train
        errors = total - np.einsum("grk,rk->g", solved, labels) - a * squares
    slack = np.maximum(sample.left.mean(axis=1), np.finfo(np.float64).tiny)
    return int(np.argmin(np.maximum(errors, 0) / slack**2))
