"""A selector: what each head will score, learned from samples on which all were measured.

Ridge regression from signs (`_signs`) to the logistic head's accuracy and to the advantage of every
other head over it, groups of datasets weighing the same; the penalty is the one of least error on
groups left out. The same groups leave the residuals of whole samples behind: what is predicted plus
such a residual, times the size of error to expect, is a draw of all heads' accuracies at once.

Source: stacking by regularised regression, L. Breiman, Machine Learning 24 (1996); residuals of
whole groups after Lee, Barber and Willett 2023 (arXiv 2306.06342).
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.errors import InputError
from charz.heads import HEADS
from charz.heads._signs import error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from charz.records import Floats

    Signs = Mapping[str, Floats]

FORMAT = 1
PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
N_FOLDS = 10
"""Into which groups are dealt to choose penalties and to keep residuals."""


@dataclass(frozen=True)
class Selector:
    """A fitted selector.

    Attributes
    ----------
    heads : tuple of str
        The first is the one that others are compared with.
    names : tuple of str
        Of its signs.
    center, scale : arrays (signs,)
    weights : array (1 + signs + pairs, heads)
        The first column gives the first head's accuracy, the others advantages over it.
    residuals : array (samples, heads)
        Truth less what was predicted without the group, in units of `_signs.error`.
    sizes : array (samples,)
        Training rows of each residual.
    group_weights : array (samples,)
        Of each residual, groups weighing the same.
    facts : dict
        What it learned from.
    """

    heads: tuple[str, ...]
    names: tuple[str, ...]
    center: Floats
    scale: Floats
    weights: Floats
    residuals: Floats
    sizes: Floats
    group_weights: Floats
    facts: dict[str, Any]


@dataclass(frozen=True)
class Table:
    """What a selector learns from: one row per sample on which all heads were measured.

    Attributes
    ----------
    signs : mapping of name to array (samples,)
    n_train : array (samples,)
    accuracy : array (samples, heads)
        On eval rows, heads in the order of `HEADS`.
    groups : array (samples,)
    facts : dict
    """

    signs: Signs
    n_train: Floats
    accuracy: Floats
    groups: Any
    facts: dict[str, Any]

    def take(self, rows: Any) -> Table:
        """Return the rows given by numbers or a mask."""
        return replace(
            self,
            signs={name: column[rows] for name, column in self.signs.items()},
            n_train=self.n_train[rows],
            accuracy=self.accuracy[rows],
            groups=self.groups[rows],
        )


def fit(table: Table) -> Selector:
    """Fit a selector; its residuals are those of samples whose group was left out."""
    targets = _targets(table.accuracy)
    fold = folds(table.groups)
    left_out = np.stack([np.empty_like(targets)] * len(PENALTIES))
    for each in np.unique(fold):
        kept, others = fold != each, fold == each
        parts = _regressions(table.take(kept), targets[kept])
        left_out[:, others] = [_expected(part, table.take(others).signs) for part in parts]
    weights = _equal(table.groups)
    losses = np.einsum("psh,s->ph", np.square(left_out - targets), weights)
    best = losses.argmin(axis=0)
    columns = np.arange(targets.shape[1])
    guessed = left_out[best, :, columns].T
    residuals = _accuracies(targets) - _accuracies(guessed)
    scale = error(table.n_train, table.signs["cv"])
    parts = _regressions(table, targets)
    chosen = np.stack([parts[place].weights[:, h] for h, place in enumerate(best)], axis=1)
    return replace(
        parts[0], weights=chosen, residuals=residuals / scale[:, None], sizes=table.n_train,
        group_weights=weights, facts=table.facts,
    )  # fmt: skip


def _targets(accuracy: Floats) -> Floats:
    """Return the first head's accuracy and the others' advantage over it."""
    found: Floats = np.column_stack([accuracy[:, 0], accuracy[:, 1:] - accuracy[:, :1]])
    return found


def _accuracies(targets: Floats) -> Floats:
    """Return accuracies from what `_targets` made of them."""
    found: Floats = np.column_stack([targets[:, 0], targets[:, 1:] + targets[:, :1]])
    return found


def _equal(groups: Any) -> Floats:
    """Return weights (samples,) that sum to 1, groups weighing the same."""
    _, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    found: Floats = 1.0 / (counts[place] * len(counts))
    return found


def folds(groups: Any, n_folds: int = N_FOLDS) -> Any:
    """Return the fold of each sample, (samples,): whole groups, dealt out by name.

    >>> folds(np.array(["b", "a", "b", "c"]), 2).tolist()
    [1, 0, 1, 0]
    """
    _, place = np.unique(groups, return_inverse=True)
    return place % n_folds


def _regressions(table: Table, targets: Floats) -> list[Selector]:
    """Return one selector per penalty, its residuals empty."""
    names = tuple(sorted(table.signs))
    columns = np.column_stack([table.signs[name] for name in names])
    weights = _equal(table.groups)
    center = weights @ columns
    scale = np.sqrt(weights @ np.square(columns - center)) + 1e-9
    empty = np.zeros((0, targets.shape[1]))
    blank = Selector(HEADS, names, center, scale, empty, empty, empty[:, 0], empty[:, 0], {})
    A = _design(blank, table.signs)
    W = weights * len(weights)
    gram, moments = A.T @ (W[:, None] * A), A.T @ (W[:, None] * targets)
    free = np.ones(A.shape[1])
    free[0] = 0.0
    return [
        replace(blank, weights=np.linalg.lstsq(gram + penalty * np.diag(free), moments)[0])
        for penalty in PENALTIES
    ]


def _design(selector: Selector, signs: Signs) -> Floats:
    """Return a constant, the standardised signs, and their products with size and classes."""
    columns = np.column_stack([signs[name] for name in selector.names])
    Z = np.clip((columns - selector.center) / selector.scale, -4, 4)
    n, k = (Z[:, [selector.names.index(name)]] for name in ("log_n", "log_k"))
    found: Floats = np.column_stack([np.ones(len(Z)), Z, Z * n / 2, Z * k / 2])
    return found


def _expected(selector: Selector, signs: Signs) -> Floats:
    found: Floats = _design(selector, signs) @ selector.weights
    return found


def expected(selector: Selector, signs: Signs) -> Floats:
    """Return each head's expected accuracy, (samples, heads), within [0, 1]."""
    found: Floats = np.clip(_accuracies(_expected(selector, signs)), 0.0, 1.0)
    return found


def draws(selector: Selector, signs: Signs, n_train: Floats, n_draws: int = 2000) -> Floats:
    """Return draws of all heads' accuracies, (samples, n_draws, heads), within [0, 1].

    Residuals are drawn with their weights, those of like sizes more often.
    """
    rng = np.random.default_rng(0)
    scale = error(n_train, signs["cv"])
    found = np.empty((len(scale), n_draws, len(selector.heads)))
    for row, middle in enumerate(expected(selector, signs)):
        distance = np.log2(selector.sizes / n_train[row])
        weights = selector.group_weights * np.exp(-np.square(distance) / 2)
        places = rng.choice(len(weights), n_draws, p=weights / weights.sum())
        found[row] = np.clip(middle + scale[row] * selector.residuals[places], 0.0, 1.0)
    return found


def to_bytes(selector: Selector) -> bytes:
    """Return the selector as the bytes of an ``.npz`` without pickle."""
    about = {"format": FORMAT, "heads": selector.heads, "names": selector.names,
             "facts": selector.facts}  # fmt: skip
    arrays = {name: getattr(selector, name) for name in _ARRAYS}
    arrays["residuals"] = arrays["residuals"].astype(np.float32)
    file = io.BytesIO()
    about_ = np.array(json.dumps(about, sort_keys=True))
    np.savez_compressed(file, allow_pickle=False, about=about_, **arrays)
    return file.getvalue()


_ARRAYS = ("center", "scale", "weights", "residuals", "sizes", "group_weights")


def from_bytes(content: bytes) -> Selector:
    """Read what `to_bytes` wrote.

    Raises
    ------
    InputError
        When the selector is of another format.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = dict(file)
    about = json.loads(str(arrays["about"])) if "about" in arrays else {}
    if about.get("format") != FORMAT:
        raise InputError("this selector has another format", "fit it again")
    names = {key: tuple(about[key]) for key in ("heads", "names")}
    parts: Any = {name: arrays[name].astype(np.float64) for name in _ARRAYS}
    return Selector(**names, **parts, facts=about["facts"])
