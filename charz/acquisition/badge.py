"""BADGE: rows whose loss gradients are large and differ: k-means++ on gradient embeddings.

The embedding of row x is (p - e) (x) x, with p the probabilities and e the indicator of the most
probable class: the gradient of the log-loss in the probe's weights if that class were right.
The first row is that of the largest embedding, each further one is drawn with probability
proportional to the squared distance to the nearest embedding picked. Embeddings of K d numbers
are never built: (p (x) x) . (q (x) z) = (p . q)(x . z).

Source: J. T. Ash et al., "Deep batch active learning by diverse, uncertain gradient lower
bounds", ICLR 2020, algorithm 1. Cold: random rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from charz.acquisition._pool import Picks
from charz.samplers import _random

if TYPE_CHECKING:
    from charz.acquisition._pool import Pool
    from charz.records import Floats, Ints

REASON = "its gradient is {value:.2f} from those of the other suggestions"
SEQUENTIAL = False
NEEDS_CLASSES = True
COLD = "random"


def pick(pool: Pool, budget: int, seed: int) -> Picks:
    """Return rows in the order in which k-means++ draws them."""
    P = pool.probabilities(pool.candidates)
    G = P - np.eye(P.shape[1])[P.argmax(axis=1)]
    X = pool.directions[pool.candidates].astype(np.float64)
    u = _random.uniform(pool.spare(budget), seed, pool.purpose("badge"))
    places, distances = plus_plus(G, X, u)
    return Picks(pool.candidates[places], np.sqrt(distances))


def plus_plus(G: Floats, X: Floats, u: Floats) -> tuple[Ints, Floats]:
    """Draw ``len(u)`` different rows of the embeddings G_i (x) X_i by k-means++.

    Parameters
    ----------
    G, X : float arrays (n, K), (n, d)
    u : float array (m,)
        Uniform numbers; the first is not used.

    Returns
    -------
    places, distances : int64 and float64 arrays (m,)
        Rows, and the squared distance of each to the nearest drawn before (of the first, its
        squared length). Where all distances are zero, the first rows left.

    Examples
    --------
    >>> plus_plus(np.eye(3), np.array([[1.0], [3.0], [0.0]]), np.array([0.0, 0.5]))[0]
    array([1, 0])
    """
    norms = (G * G).sum(axis=1) * (X * X).sum(axis=1)
    nearest = norms.copy()
    free = np.ones(len(G), dtype=bool)
    places, distances = [], []
    for step, draw in enumerate(u):
        weights = np.where(free, nearest, 0.0)
        place = int(weights.argmax()) if step == 0 else _drawn(weights, draw)
        if not weights[place] > 0:
            place = int(free.argmax())
        places.append(place)
        distances.append(max(float(nearest[place]), 0.0))
        free[place] = False
        to_it = norms + norms[place] - 2 * (G @ G[place]) * (X @ X[place])
        nearest = np.minimum(nearest, np.maximum(to_it, 0)) if step else np.maximum(to_it, 0)
    return np.array(places, dtype=np.int64), np.array(distances)


def _drawn(weights: Floats, draw: float) -> int:
    sums = np.cumsum(weights)
    return min(int(np.searchsorted(sums, draw * sums[-1], side="right")), len(weights) - 1)
