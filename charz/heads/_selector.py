"""A selector: what each head will score, learned from samples on which all were measured.

The mean of two regressions from signs (`_signs`) to the logistic head's accuracy and to the
advantage of every other head over it, groups of datasets weighing the same: ridge regression, its
penalty the one of least error on groups left out, and randomised trees (`_forest`). Both shrink
towards no more than a mean advantage. The same groups leave the residuals of whole samples behind:
what is predicted plus such a residual, times the size of error to expect, is a draw of all heads'
accuracies at once.

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
from charz.heads import HEADS, _forest
from charz.heads._signs import error
from charz.metamodels._link import group_weights
from charz.metamodels._parts import part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]
    Signs = Mapping[str, Floats]

FORMAT = 1
PENALTIES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
WIDEST = 4.0
"""Spreads, at most, that a sign may lie off its mean."""
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
        Of the ridge regression: the first column gives the first head's accuracy, the others
        advantages over it.
    forest : dict of arrays
        Of the trees, see `_forest`.
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
    forest: Arrays
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
    targets, weights = _targets(table.accuracy), _weights(table)
    ridge, trees = _left_out(table, targets)
    losses = np.einsum("psh,s->ph", np.square(ridge - targets), weights)
    best = losses.argmin(axis=0)
    linear = ridge[best, :, np.arange(targets.shape[1])].T
    residuals = _accuracies(targets) - _accuracies((linear + trees) / 2)
    parts = _regressions(table, targets)
    chosen = np.stack([parts[place].weights[:, h] for h, place in enumerate(best)], axis=1)
    return replace(
        parts[0],
        weights=chosen,
        forest=_forest.fit(table.signs, table.n_train, targets, weights),
        residuals=residuals / error(table.n_train, table.signs["cv"])[:, None],
        sizes=table.n_train,
        group_weights=equal(table.groups),
        facts=table.facts,
    )


def _left_out(table: Table, targets: Floats) -> tuple[Floats, Floats]:
    """Return what regressions without a sample's group say of it.

    Ridge regression with each penalty, (penalties, samples, heads), and trees, (samples, heads).
    """
    fold = folds(table.groups)
    ridge, trees = np.empty((len(PENALTIES), *targets.shape)), np.empty_like(targets)
    for each in np.unique(fold):
        kept, others = table.take(fold != each), table.take(fold == each)
        own = targets[fold != each]
        ridge[:, fold == each] = [_linear(each, others.signs) for each in _regressions(kept, own)]
        forest = _forest.fit(kept.signs, kept.n_train, own, _weights(kept))
        trees[fold == each] = _forest.predict(forest, others.signs, others.n_train)
    return ridge, trees


def _targets(accuracy: Floats) -> Floats:
    """Return the first head's accuracy and the others' advantage over it."""
    found: Floats = np.column_stack([accuracy[:, 0], accuracy[:, 1:] - accuracy[:, :1]])
    return found


def _accuracies(targets: Floats) -> Floats:
    """Return accuracies from what `_targets` made of them."""
    found: Floats = np.column_stack([targets[:, 0], targets[:, 1:] + targets[:, :1]])
    return found


def equal(groups: Any) -> Floats:
    """Return weights (samples,) that sum to 1, groups weighing the same."""
    found: Floats = group_weights(groups) / len(groups)
    return found


def _weights(table: Table) -> Floats:
    """Return the weights of a regression, (samples,): of equal groups, over the error to expect."""
    found: Floats = equal(table.groups) / error(table.n_train, table.signs["cv"])
    found /= found.sum()
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
    weights = _weights(table)
    center = weights @ columns
    scale = np.sqrt(weights @ np.square(columns - center)) + 1e-9
    empty = np.zeros((0, targets.shape[1]))
    blank = Selector(HEADS, names, center, scale, empty, {}, empty, empty[:, 0], empty[:, 0], {})
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
    Z = np.clip((columns - selector.center) / selector.scale, -WIDEST, WIDEST)
    n, k = (Z[:, [selector.names.index(name)]] for name in ("log_n", "log_k"))
    found: Floats = np.column_stack([np.ones(len(Z)), Z, Z * n / 2, Z * k / 2])
    return found


def _linear(selector: Selector, signs: Signs) -> Floats:
    found: Floats = _design(selector, signs) @ selector.weights
    return found


def expected(selector: Selector, signs: Signs, n_train: Floats) -> Floats:
    """Return each head's expected accuracy, (samples, heads), within [0, 1]."""
    trees = _forest.predict(selector.forest, signs, n_train)
    targets = (_linear(selector, signs) + trees) / 2 + _beyond(selector, signs)
    found: Floats = np.clip(_accuracies(targets), 0.0, 1.0)
    return found


def _beyond(selector: Selector, signs: Signs) -> Floats:
    """Return by how much heads lead or trail more than any did, (samples, heads).

    A cross-validated difference beyond `WIDEST` spreads is none that was seen in learning: what is
    beyond is believed as it stands.
    """
    found = np.zeros((len(signs["cv"]), len(selector.heads)))
    for place, name in enumerate(selector.heads):
        if f"cv_{name}" in signs:
            sign = selector.names.index(f"cv_{name}")
            width = WIDEST * selector.scale[sign]
            difference = signs[f"cv_{name}"] - selector.center[sign]
            found[:, place] = difference - np.clip(difference, -width, width)
    return found


def draws(selector: Selector, signs: Signs, n_train: Floats, n_draws: int = 2000) -> Floats:
    """Return draws of all heads' accuracies, (samples, n_draws, heads), within [0, 1].

    Residuals are drawn with their weights, those of like sizes more often.
    """
    rng = np.random.default_rng(0)
    scale = error(n_train, signs["cv"])
    found = np.empty((len(scale), n_draws, len(selector.heads)))
    for row, middle in enumerate(expected(selector, signs, n_train)):
        shares = nearby(selector.sizes, selector.group_weights, n_train[row])
        places = rng.choice(len(shares), n_draws, p=shares)
        found[row] = np.clip(middle + scale[row] * selector.residuals[places], 0.0, 1.0)
    return found


def nearby(sizes: Floats, weights: Floats, n_train: float) -> Floats:
    """Return the share of each residual among draws for ``n_train`` rows: like sizes count most.

    >>> nearby(np.array([64.0, 256.0]), np.array([0.5, 0.5]), 64).round(2)
    array([0.88, 0.12])
    """
    near = weights * np.exp(-np.square(np.log2(sizes / n_train)) / 2)
    found: Floats = near / near.sum()
    return found


def to_bytes(selector: Selector) -> bytes:
    """Return the selector as the bytes of an ``.npz`` without pickle."""
    about = {"format": FORMAT, "heads": selector.heads, "names": selector.names,
             "facts": selector.facts}  # fmt: skip
    arrays = {name: getattr(selector, name) for name in _ARRAYS}
    arrays["residuals"] = arrays["residuals"].astype(np.float32)
    arrays |= {f"forest/{name}": array for name, array in selector.forest.items()}
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
    names: Any = {key: tuple(about[key]) for key in ("heads", "names")}
    parts: Any = {name: arrays[name].astype(np.float64) for name in _ARRAYS}
    return Selector(**names, **parts, forest=part(arrays, "forest/"), facts=about["facts"])
