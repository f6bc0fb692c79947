"""A mixture of Gaussians that differ in their means: a new line is like some known one.

With components m + d_c of weights w_c and one covariance S,

    f | y ~ sum_c w_c' N(m + d_c + G (y - m[o] - d_c[o]), S - G S[o, :]),  G = S[:, o] A^-1,
    w_c' ~ w_c (1 + r_c' A^-1 r_c / nu)^(-(nu + q) / 2),   r_c = y - m[o] - d_c[o],
    A = S[o, o] + diag(v)

the weights as under a multivariate t, so that no component is ruled out by one cell. To whoever
asks for one mean and one covariance it shows those of the whole. Source: Bishop 2006, section
2.3.9.

Examples
--------
>>> found = mixture(np.zeros(2), 0.01 * np.eye(2), np.array([[1.0, 1.0], [-1.0, -1.0]]), np.ones(2))
>>> after = found.given(np.array([0]), np.array([1.0]), np.array([0.01]))
>>> bool(after.mean[1] > 0.9)
True
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from charz.completion._gaussian import FREEDOM, Gaussian

if TYPE_CHECKING:
    from charz.records import Floats, Ints


@dataclass(frozen=True)
class Mixture(Gaussian):
    """A mixture, with the mean and the covariance of the whole.

    Attributes
    ----------
    within : array (n, n)
        Covariance of each component.
    offsets : array (components, n)
        Their means, less ``mean``.
    weights : array (components,)
        They sum to 1.
    """

    within: Floats = field(kw_only=True)
    offsets: Floats = field(kw_only=True)
    weights: Floats = field(kw_only=True)

    def only(self, kept: Ints) -> Mixture:
        """Return the marginal over some of the places."""
        part = np.ix_(kept, kept)
        return replace(self, mean=self.mean[kept], covariance=self.covariance[part],
                       within=self.within[part], offsets=self.offsets[:, kept])  # fmt: skip

    def wider(self, by: float) -> Mixture:
        """Return the same with everything ``by`` times as far from the mean."""
        return replace(self, covariance=self.covariance * by**2, within=self.within * by**2,
                       offsets=self.offsets * by)  # fmt: skip

    def given(self, places: Ints, y: Floats, noise: Floats) -> Mixture:
        """Return the mixture once cells were measured."""
        q, nu = len(places), self.freedom
        L = np.linalg.cholesky(self.within[np.ix_(places, places)] + np.diag(noise))
        B = np.linalg.solve(L, self.within[places])
        R = np.linalg.solve(L, (y - self.mean[places])[:, None] - self.offsets[:, places].T)
        surprise = (R**2).sum(axis=0)
        weights = _reweighted(self.weights, surprise, q, nu)
        scale = (nu + weights @ surprise) / (nu + q) if np.isfinite(nu) else 1.0
        within = scale * (self.within - B.T @ B)
        return mixture(self.mean, within, self.offsets + R.T @ B, weights, nu + q)

    def moves(self, places: Ints, y: Floats, noise: Floats) -> Floats:
        """Return how far each cell moved each mean; what the weights' change did in equal parts."""
        alone = Gaussian(self.mean, self.within).moves(places, y, noise)
        whole = self.given(places, y, noise).mean - self.mean
        return np.asarray(alone + (whole - alone.sum(axis=0)) / max(len(places), 1))


def mixture(
    mean: Floats, within: Floats, offsets: Floats, weights: Floats, freedom: float = FREEDOM
) -> Mixture:
    """Return the mixture of components (components, n) around a mean (n,)."""
    weights = weights / weights.sum()
    middle = weights @ offsets
    apart = offsets - middle
    covariance = within + (apart * weights[:, None]).T @ apart
    return Mixture(mean + middle, covariance, freedom, within=within, offsets=apart,
                   weights=weights)  # fmt: skip


def _reweighted(weights: Floats, surprise: Floats, q: int, nu: float) -> Floats:
    """Return the weights (components,) given how far each component was from what came out."""
    fit = -(nu + q) / 2 * np.log1p(surprise / nu) if np.isfinite(nu) else -surprise / 2
    found = weights * np.exp(fit - fit.max())
    return np.asarray(found / found.sum())
