"""Cross-validation of the deployed head over several deals of ten folds, shared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.probes._draws import one_thread
from charz.probes._logistic.coordinates import Pool
from charz.probes._logistic.fit import Plan, fits

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

FOLDS = 10
MOST_DEALS = 4
MOST_ROWS = 512
"""Deals times rows stay at most about this, and larger samples are dealt no more: there one
deal says nearly all."""


@dataclass(frozen=True)
class Deals:
    """What the left-out folds say, a row per deal.

    Attributes
    ----------
    accuracy : float array (n_deals,)
        Share of rows that their fold's head gets right.
    log_loss : float array (n_deals,)
        Nats.
    """

    accuracy: Floats
    log_loss: Floats


def deals(sample: Sample) -> Deals | None:
    """Return ten-fold CV of the head at its C, each deal in another order of the rows.

    None with fewer than two classes, or more than `MOST_ROWS` rows.
    """
    n = sample.n_train
    if len(sample.present) < 2 or n > MOST_ROWS or sample.head.chosen is None:
        return None
    codes = np.searchsorted(sample.present, sample.y_train)
    pool, plan = Pool(sample.X_train), Plan((sample.head.chosen,), True, n_folds=FOLDS)
    first = np.argsort(sample.places)
    chance = np.random.Generator(np.random.PCG64(1))
    right, losses = [], []
    with one_thread():
        for _ in range(max(1, min(MOST_DEALS, MOST_ROWS // n))):
            order = first[chance.permutation(n)]
            (fit,) = fits(pool, order, codes[order], len(sample.present), plan)
            P = fit.cv_probabilities
            if P is None:
                return None
            own = P[np.arange(n), codes[order]]
            right.append((P.argmax(axis=1) == codes[order]).mean())
            losses.append(-np.log(np.clip(own, 1e-15, None)).mean())
    return Deals(np.array(right), np.array(losses))
