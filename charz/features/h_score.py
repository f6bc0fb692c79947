"""H-score: how much of the class means' scatter the features explain, plain and shrunk.

Formula: ``plain`` tr(S^+ S_b), S the covariance of the rows and S_b that of their class means;
``shrunk`` tr(S_a^-1 (1 - a) S_b), S_a = (1 - a) S + a tr(S)/d I with a Ledoit and Wolf's
shrinkage. In [0, K - 1]; NaN for one class or constant rows. With n <= d the plain one only
counts classes.
Source: Bao et al., ICIP 2019; Ibrahim et al., Newer is not always better, 2021; Ledoit and Wolf,
J. Multivariate Analysis 2004. Cost: O(r K) after the shared factorisation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from charz.features._spectrum import variances

if TYPE_CHECKING:
    from charz.records import Floats
    from charz.sample import Sample

RANGE = (0.0, math.inf)
INVARIANT = frozenset({"rows", "rotation", "shift", "scale", "labels"})
OUTPUTS = ("plain", "shrunk")
TINY = 1e-12


def compute(sample: Sample) -> dict[str, float]:
    """Return the H-score with the sample's covariance and with the shrunk one.

    >>> from charz.sample import Sample
    >>> scores = compute(Sample([[0, 1], [0, 2], [2, 1], [2, 2]], [0, 0, 1, 1], [[0, 0]]))
    >>> round(scores["plain"], 6), round(scores["shrunk"], 6)
    (1.0, 0.666667)
    """
    values = variances(sample)
    if len(sample.present) < 2 or not values.size:
        return {"plain": math.nan, "shrunk": math.nan}
    plain = _plain(sample, len(values))
    a = _shrinkage(sample, values)
    if a in (0.0, 1.0):
        return {"plain": plain, "shrunk": (1 - a) * plain}
    shift = a * float(values.sum()) * sample.n_train / (sample.n_dims * (1 - a))
    return {"plain": plain, "shrunk": _explained(sample, shift)}


def _plain(sample: Sample, rank: int) -> float:
    """Return the score without shrinkage; ``rank`` eigenvalues are more than rounding."""
    if sample.is_wide and rank == sample.n_train - 1:
        return len(sample.present) - 1.0
    if not sample.is_wide and rank == sample.n_dims:
        return _explained(sample, 0.0)
    # The limit of a vanishing shift, far below what counts and far above rounding, where the
    # first order of what the shift takes away is given back.
    shift = TINY * float(sample.factor.values[0])
    score = _projected if sample.is_wide else _explained
    return 2 * score(sample, shift) - score(sample, 2 * shift)


def _projected(sample: Sample, shift: float) -> float:
    """Return the sum over classes of |(G + shift I)^-1 G y|^2 / n_c, G the rows' Gram matrix.

    A direction that is nothing but rounding gets the square of rounding over the shift.
    """
    V, factor = sample.turned_labels[:, sample.present], sample.factor
    product = factor.diagonal[:, None] * V
    product[1:] += factor.off[:, None] * V[:-1]
    product[:-1] += factor.off[:, None] * V[1:]
    solved = factor.solve(product, np.array([shift]))[0]
    return float(
        (np.einsum("rk,rk->k", solved, solved) / sample.class_counts[sample.present]).sum()
    )


def _explained(sample: Sample, shift: float) -> float:
    """Return the sum over classes of y . X (X^T X + shift I)^-1 X^T y / n_c, y centred."""
    counts = sample.class_counts[sample.present]
    V = sample.turned_labels[:, sample.present]
    forms = sample.factor.forms(V, np.array([shift]))[1][0, :, 0]
    if sample.is_wide:
        forms = counts * (1 - counts / sample.n_train) - shift * forms
    return float((forms / counts).sum())


def _shrinkage(sample: Sample, values: Floats) -> float:
    """Return Ledoit and Wolf's weight on the scaled identity, in [0, 1]."""
    n, d = sample.n_train, sample.n_dims
    squares = float(values @ values)
    distance = squares - float(values.sum()) ** 2 / d
    lengths = sample.lengths / sample.unit**2
    error = (float(lengths @ lengths) / n - squares) / n
    if min(error, distance) <= 1e-12 * squares:
        return 0.0
    return min(error / distance, 1.0)
