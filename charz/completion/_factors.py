"""Variational Bayesian factors with side information on both axes.

    f_te = m + z_t . w_e,   z_t ~ N(A' x_t, C_z),   w_e ~ N(B' x_e, C_w)
    y_te = f_te + e,        e ~ N(0, psi_e s_t + noise_te)

with x the facts. The posterior is taken as a product of Gaussians, one for each z_t and w_e, and
every update below is the closed form given the others (Lim and Teh 2007; side information as in
Macau, Simm et al. 2017). Facts act through ridge regressions A and B, whose penalty is the one
that left-out groups of tasks, or organisations of encoders, ask for; C_z and C_w are the
covariances of what is missed on those left out (`charz.completion._ridge`), so that a new line is
not promised what only known ones keep, shrunk towards a multiple of the identity; psi_e and s_t,
what a draw's noise does not explain, are shrunk towards their means. Tasks of one group share its
weight.

Examples
--------
>>> from charz.completion._grid import Grid
>>> rng = np.random.default_rng(0)
>>> Y = rng.normal(size=(30, 2)) @ rng.normal(size=(2, 20))
>>> ones = {"tasks": np.ones((30, 1)), "encoders": np.ones((20, 1))}
>>> model = fit(Grid(Y, np.full(Y.shape, 1e-4), ones, np.ones(30)), 3)
>>> bool(np.abs(model["middle"] + model["tasks.mean"] @ model["encoders.mean"].T - Y).mean() < 0.05)
True
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from charz.completion._gaussian import Gaussian
from charz.completion._ridge import Ridge

if TYPE_CHECKING:
    from charz.completion._grid import Grid
    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

SWEEPS = 25
PENALTIES = (2.0, 5.0, 15.0, 50.0, 150.0, 1e6)
"""Of the slopes; the last leaves facts out."""
PRIOR_ROWS = 1.0
"""Rows that the prior of a covariance counts as."""
PRIOR_SHARE = 0.3
PRIOR_CELLS = np.array([8.0, 10.0])
"""Cells of the mean that stand behind the noise of an encoder, and of a task."""
START_NOISE = 0.05
START_FILLS = 5
OTHER = {"tasks": "encoders", "encoders": "tasks"}


@dataclass
class _Side:
    """One axis: posterior means (n, k) and covariances (n, k, k), and the prior from facts."""

    X: Floats
    weights: Floats
    mean: Floats
    spread: Floats
    ridge: Ridge
    slopes: Floats = field(init=False)
    covariance: Floats = field(init=False)

    def learn_prior(self, other: _Side) -> None:
        """Regress the means on the facts; take the covariance of what left-out groups miss."""
        metric = (other.mean * other.weights[:, None]).T @ other.mean
        found = self.ridge.fit(self.mean, metric)
        self.slopes, off = found.slopes, found.missed
        total = (off * self.weights[:, None]).T @ off
        total += np.einsum("n,nij->ij", self.weights, self.spread)
        size = PRIOR_SHARE * PRIOR_ROWS * (self.mean**2).mean()
        total += size * np.eye(total.shape[0])
        self.covariance = total / (self.weights.sum() + PRIOR_ROWS)

    def learn_rows(self, precision: Floats, Y: Floats, other: _Side) -> None:
        """Update every row's posterior from cells (n, m) and the other side's."""
        k = self.mean.shape[1]
        inverse = np.linalg.inv(self.covariance)
        seen = precision @ other.squares().reshape(-1, k * k)
        self.spread = np.linalg.inv(inverse + seen.reshape(-1, k, k))
        right = (precision * Y) @ other.mean + self.X @ self.slopes @ inverse
        self.mean = np.einsum("nij,nj->ni", self.spread, right)

    def squares(self) -> Floats:
        """Return E[z z'], (n, k, k)."""
        return np.asarray(np.einsum("ni,nj->nij", self.mean, self.mean) + self.spread)


def fit(grid: Grid, n_factors: int, n_sweeps: int = SWEEPS) -> Arrays:
    """Return the fitted factors of both axes as arrays.

    Parameters
    ----------
    grid : Grid
    n_factors : int
        At most the smaller side of the grid; factors that are not needed shrink to nothing.
    n_sweeps : int
        Updates of everything.
    """
    known = np.isfinite(grid.Y)
    middle = float(grid.Y[known].mean())
    Y = np.where(known, grid.Y - middle, 0.0)
    noise = np.where(known, grid.noise, 1.0)
    tasks, encoders = _start(Y, known, grid, min(n_factors, *Y.shape))
    own = [np.full(Y.shape[1], START_NOISE), np.ones(Y.shape[0])]
    for _ in range(n_sweeps):
        variance = own[0] * own[1][:, None] + noise
        precision = np.where(known, 1 / variance, 0.0)
        tasks.learn_prior(encoders)
        tasks.learn_rows(precision, Y, encoders)
        encoders.learn_prior(tasks)
        encoders.learn_rows((precision * grid.weights[:, None]).T, Y.T, tasks)
        own = _noise(own, Y, noise, known * grid.weights[:, None], (tasks, encoders))
    model = {"middle": np.array(middle), "encoders.noise": own[0], "tasks.noise": own[1]}
    for axis, side in (("tasks", tasks), ("encoders", encoders)):
        for name in ("mean", "spread", "slopes", "covariance"):
            model[f"{axis}.{name}"] = getattr(side, name)
    return model


def prior(model: Arrays, axis: str, x: Floats) -> Gaussian:
    """Return the joint distribution of a new line before anything on it was measured.

    The covariance is W C W' and, on its diagonal, what the other side's own uncertainty and the
    cells' own noise add.
    """
    mean, loadings = leading(model, axis, x)
    return Gaussian(mean, loadings @ loadings.T + np.diag(own_variance(model, axis, x)))


def leading(model: Arrays, axis: str, x: Floats) -> tuple[Floats, Floats]:
    """Return the mean (n,) of a new line and loadings (n, k) whose square is its covariance."""
    W = model[f"{OTHER[axis]}.mean"]
    mean = model["middle"] + W @ (x @ model[f"{axis}.slopes"])
    return mean, W @ np.linalg.cholesky(model[f"{axis}.covariance"])


def own_variance(model: Arrays, axis: str, x: Floats) -> Floats:
    """Return the variance (n,) that each cell of a new line has for itself."""
    other = OTHER[axis]
    z = x @ model[f"{axis}.slopes"]
    second = model[f"{axis}.covariance"] + np.outer(z, z)
    unsure = np.einsum("nij,ij->n", model[f"{other}.spread"], second)
    return np.asarray(unsure + model[f"{other}.noise"] * np.median(model[f"{axis}.noise"]))


def _start(Y: Floats, known: np.ndarray, grid: Grid, k: int) -> tuple[_Side, _Side]:
    """Return both sides from the singular vectors of the grid, its holes filled in turns."""
    rows = Y.sum(axis=1) / (known.sum(axis=1) + 1)
    rest = np.where(known, Y - rows[:, None], 0.0)
    filled = np.where(known, Y, rows[:, None] + rest.sum(axis=0) / (known.sum(axis=0) + 2))
    for _ in range(START_FILLS):
        U, s, V = np.linalg.svd(filled, full_matrices=False)
        least = s[k] if k < len(s) else 0.0
        filled = np.where(known, Y, (U[:, :k] * (s[:k] - least)) @ V[:k])
    W = V[:k].T * s[:k] / np.sqrt(len(Y))
    Z = U[:, :k] * np.sqrt(len(Y))
    eye = np.eye(k)
    spreads = (np.tile(0.1 * eye, (len(Z), 1, 1)),
               np.tile(0.01 * eye * (W**2).mean(axis=0), (len(W), 1, 1)))  # fmt: skip
    return (_side("tasks", grid, Z, spreads[0]), _side("encoders", grid, W, spreads[1]))


def _side(axis: str, grid: Grid, mean: Floats, spread: Floats) -> _Side:
    X, n = grid.features[axis], len(mean)
    weights = grid.weights if axis == "tasks" else np.ones(n)
    groups = np.arange(n) if grid.groups is None else grid.groups[axis]
    return _Side(X, weights, mean, spread, Ridge(X, weights, groups, PENALTIES))


def _noise(own: list[Floats], Y: Floats, noise: Floats, weights: Floats,
           sides: tuple[_Side, _Side]) -> list[Floats]:  # fmt: skip
    """Return the noise of each encoder and, relative to it, of each task: one EM update."""
    tasks, encoders = sides
    k2 = tasks.mean.shape[1] ** 2
    second = tasks.squares().reshape(-1, k2) @ encoders.squares().reshape(-1, k2).T
    error = second - 2 * Y * (tasks.mean @ encoders.mean.T) + Y**2
    extra = own[0] * own[1][:, None]
    total = extra + noise
    found = (extra / total) ** 2 * error + extra * noise / total
    ratio = weights * found / own[1][:, None]
    usual = ratio.sum() / weights.sum()
    columns = (ratio.sum(axis=0) + PRIOR_CELLS[0] * usual) / (weights.sum(axis=0) + PRIOR_CELLS[0])
    there = weights > 0
    ratio = np.where(there, found / columns, 0.0)
    rows = (ratio.sum(axis=1) + PRIOR_CELLS[1]) / (there.sum(axis=1) + PRIOR_CELLS[1])
    level = float(np.exp(np.log(rows).mean()))
    return [columns * level, rows / level]
