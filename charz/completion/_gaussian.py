"""A joint Gaussian over one line of the grid, and what measured cells make of it.

With prior N(m, S) and measured y = f[o] + e, e ~ N(0, diag(v)),

    f | y ~ t_nu' (m + S[:, o] A^-1 (y - m[o]),  c (S - S[:, o] A^-1 S[o, :])),
    A = S[o, o] + diag(v),  c = (nu + (y - m[o])' A^-1 (y - m[o])) / (nu + q),  nu' = nu + q

where c, the scale of a multivariate t (Roth 2013, section 5), lets a line that varies more than
others say so. Source: Rasmussen and Williams 2006, equations 2.22 to 2.24.

Examples
--------
>>> prior = Gaussian(np.zeros(2), np.array([[1.0, 0.8], [0.8, 1.0]]))
>>> after = condition(prior, np.array([0]), np.array([1.0]), np.array([0.0]))
>>> after.mean.round(6)
array([1. , 0.8])
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from charz.records import Floats, Ints

FREEDOM = 10.0
"""Degrees of freedom before anything was measured."""


@dataclass(frozen=True)
class Gaussian:
    """A mean and a covariance; with ``freedom`` below infinity, a multivariate t.

    Attributes
    ----------
    mean : array (n,)
    covariance : array (n, n)
        The scale matrix of the t.
    freedom : float
        Degrees of freedom.
    """

    mean: Floats
    covariance: Floats
    freedom: float = FREEDOM

    @property
    def sd(self) -> Floats:
        """Square roots of the diagonal, (n,)."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0))

    def only(self, kept: Ints) -> Gaussian:
        """Return the marginal over some of the places."""
        return Gaussian(self.mean[kept], self.covariance[np.ix_(kept, kept)], self.freedom)

    def wider(self, by: float) -> Gaussian:
        """Return the same with standard deviations ``by`` times as large."""
        return replace(self, covariance=self.covariance * by**2)

    def given(self, places: Ints, y: Floats, noise: Floats) -> Gaussian:
        """Return the distribution once cells were measured; see `condition`."""
        S, q = self.covariance, len(places)
        L = np.linalg.cholesky(S[np.ix_(places, places)] + np.diag(noise))
        B = np.linalg.solve(L, S[places])
        r = np.linalg.solve(L, y - self.mean[places])
        freedom = self.freedom
        scale = (freedom + r @ r) / (freedom + q) if np.isfinite(freedom) else 1.0
        return Gaussian(self.mean + B.T @ r, scale * (S - B.T @ B), freedom + q)

    def moves(self, places: Ints, y: Floats, noise: Floats) -> Floats:
        """Return how far each measured cell moved each mean; see `influence`."""
        S = self.covariance
        gain = np.linalg.solve(S[np.ix_(places, places)] + np.diag(noise), S[places])
        return np.asarray(gain * (y - self.mean[places])[:, None])


def condition(prior: Gaussian, places: Ints, y: Floats, noise: Floats) -> Gaussian:
    """Return the distribution once cells were measured.

    Parameters
    ----------
    prior : Gaussian over n places
    places, y, noise : arrays (q,)
        Which were measured, what came out, and its variance.
    """
    return prior.given(places, y, noise) if len(places) else prior


def influence(prior: Gaussian, places: Ints, y: Floats, noise: Floats) -> Floats:
    """Return how far each measured cell moved each mean, (q, n); columns sum to the whole move.

    >>> prior = Gaussian(np.zeros(2), np.eye(2))
    >>> influence(prior, np.array([1]), np.array([0.5]), np.array([0.0]))
    array([[0. , 0.5]])
    """
    return prior.moves(places, y, noise)


def draws(joint: Gaussian, n_draws: int, seed: int) -> Floats:
    """Return draws (n_draws, n) of the joint distribution, the same for the same seed."""
    rng = np.random.default_rng(seed)
    values, axes = np.linalg.eigh(joint.covariance)
    root = axes * np.sqrt(np.maximum(values, 0))
    Z = rng.standard_normal((n_draws, len(values))) @ root.T
    if np.isfinite(joint.freedom):
        Z *= np.sqrt(joint.freedom / rng.chisquare(joint.freedom, n_draws))[:, None]
    return np.asarray(joint.mean + Z)
