"""How much likelier training rows are among the eval rows: weights from a domain classifier.

Formula: w(x) = odds that x is an eval row, over those of a row at random: with s the left-out
score of ``domain_auc`` (a ridge-shrunk Fisher direction from training to eval rows, taken anew
without each row) and Platt's sigmoid(a + b s), b >= 0, fitted to which side a row is from,
w = exp(a + b s) n / m, clipped to [1/10, 10], then divided by their mean. Left-out scores keep the
odds honest where dimensions outnumber rows.
Source: Bickel, Brueckner and Scheffer, Discriminative learning under covariate shift, JMLR 2009;
Sugiyama et al., Covariate shift adaptation by importance weighted cross validation, JMLR 2007.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.estimators.cbpe import platt
from charz.features import domain_auc

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

MOST = 10.0


def density_ratio(sample: Sample) -> Floats:
    """Return the weights, (n_train,), of mean 1; all 1 where nothing tells the sides apart."""
    found = sample.once(domain_auc.scores)
    if found is None:
        return np.ones(sample.n_train)
    training, evaluated = found
    is_eval = np.arange(len(training) + len(evaluated)) >= len(training)
    a, b = platt(np.concatenate([training, evaluated]), is_eval)
    logs = a + b * training + math.log(len(training) / len(evaluated))
    weights = np.exp(np.clip(logs, -math.log(MOST), math.log(MOST)))
    normalised: Floats = weights / weights.mean()
    return normalised
