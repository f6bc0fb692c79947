"""Label: which rows of a pool to label next, and whether it is still worth it.

Reads vectors or texts and the labels there are; keeps vectors of texts (`charz.steps._kept`) and
nothing else: asked again with more labels it goes on where it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.acquisition import _auto, _gain, _simulate
from charz.acquisition._pool import Pool
from charz.answers import Advice, Gain, Suggestion
from charz.errors import InputError
from charz.records import EncoderSpec, Examples
from charz.sample import Sample, matrix
from charz.sources._split import take
from charz.steps import _features, _pools

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Ints


def suggest(
    X_pool: ArrayLike,
    *,
    labelled: ArrayLike = (),
    y: ArrayLike = (),
    budget: int = 50,
    strategy: str = _auto.NAME,
    seed: int = 0,
    stop_below: float | None = None,
) -> Advice:
    """Say which rows of a pool to label next.

    Parameters
    ----------
    X_pool : array (n, n_dims)
        Embeddings of all rows, with and without labels.
    labelled : int array (n_labelled,)
        Which rows have a label, in any order.
    y : array (n_labelled,)
        Their labels: text or numbers.
    budget : int
        Rows to suggest, at least 1.
    strategy : str
        An item of the acquisition shelf, or ``auto``.
    seed : int
    stop_below : float, optional
        Say stop where labelling all that is left is not likely to gain so many points of accuracy:
        once it is expected to gain less than a part of them.

    Returns
    -------
    Advice
        The same for the same arguments. Never a row that is labelled, nor two of one vector.

    Raises
    ------
    InputError
        When arrays have the wrong shape, NaN, or rows that are not there.
    UnknownNameError
        When there is no such strategy.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(90) % 3
    >>> X = rng.normal(size=(90, 8)) + 4 * np.eye(8)[y]
    >>> first = suggest(X, budget=3, strategy="max_herding")
    >>> rows = [each.row for each in first.suggestions]
    >>> sorted(y[rows].tolist())
    [0, 1, 2]
    >>> then = suggest(X, labelled=rows, y=y[rows], budget=3)
    >>> len({each.row for each in then.suggestions} - set(rows))
    3
    """
    X = matrix(X_pool, "the pool")
    rows = _rows(labelled, len(X))
    codes, n_classes = _codes(y, rows)
    return _advise(Pool(X, rows, codes, n_classes, seed), budget, strategy, seed, stop_below)


def _rows(labelled: ArrayLike, n: int) -> Ints:
    rows = np.asarray(labelled)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        raise InputError(
            f"labelled has the shape {rows.shape} and the type {rows.dtype}",
            "give the numbers of the rows that have labels",
        )
    if rows.size and (rows.min() < 0 or rows.max() >= n):
        raise InputError(
            f"labelled has rows {rows.min()}..{rows.max()} of a pool of {n}", "count from 0"
        )
    if len(np.unique(rows)) < len(rows):
        raise InputError("labelled has a row twice", "give each row once")
    return rows.astype(np.int64)


def _codes(y: ArrayLike, rows: Ints) -> tuple[Ints, int]:
    """Return class codes and how many classes there are, at least 1."""
    labels = np.asarray(y)
    if labels.shape != rows.shape:
        raise InputError(
            f"y has the shape {labels.shape} for {len(rows)} labelled rows",
            "give one label per row of labelled",
        )
    if any(label is None or label != label for label in labels.tolist()):
        raise InputError("y has missing labels", "leave those rows out of labelled")
    if not len(rows):
        return np.array([], dtype=np.int64), 1
    classes, codes = np.unique(labels.astype(str), return_inverse=True)
    return codes.astype(np.int64), len(classes)


def _advise(pool: Pool, budget: int, strategy: str, seed: int, stop_below: float | None) -> Advice:
    if budget < 1:
        raise InputError(f"a budget of {budget} suggests nothing", "give at least 1")
    if stop_below is not None and not 0 < stop_below <= 100:
        raise InputError(f"stop_below={stop_below} is no number of points", "give e.g. 0.5")
    chosen = _auto.Choice(strategy, "asked for")
    if strategy == _auto.NAME:
        chosen = _auto.choose(pool, len(pool.rows) + budget)
    batch = _simulate.batch(pool, budget, chosen.strategy, seed)
    outlook = _outlook(pool, len(batch.picks))
    enough = not len(pool.available)
    if stop_below is not None and outlook and not enough:
        enough = _gain.is_enough(outlook[-1], stop_below)
    return Advice(
        suggestions=tuple(_suggestions(batch)),
        strategy=chosen.strategy,
        why=chosen.why,
        n_labelled=len(pool.rows),
        n_classes=pool.n_seen,
        n_left=len(pool.available),
        outlook=outlook,
        stop=enough,
    )


def _outlook(pool: Pool, n_picks: int) -> tuple[Gain, ...]:
    """Return the gain of ``n_picks`` labels, of twice as many and so on, and of all.

    None is so near to all that the two could not be told apart in a picture.
    """
    n, n_left, facts = len(pool.rows), len(pool.available), _facts(pool)
    if facts is None:
        return ()
    steps = [n_picks]
    while steps[-1] and 3 * steps[-1] < n_left:
        steps.append(2 * steps[-1])
    return tuple(_gain.gain(facts, n, n + more) for more in sorted({*steps, n_left}))


def _facts(pool: Pool) -> dict[str, float] | None:
    """Return what the expected gain hangs on, None until eight rows of two classes are labelled."""
    rest = np.setdiff1d(pool.references, pool.rows)
    if pool.n_seen < 2 or not len(rest):
        return None
    known = pool.labelled
    sample = Sample(pool.X[known.rows], known.labels, pool.X[rest], pool.n_classes)
    facts = _gain.facts_of(_features.compute(sample, _gain.FEATURES), pool.n_seen)
    return facts if all(map(math.isfinite, facts.values())) else None


def _suggestions(batch: _simulate.Batch) -> list[Suggestion]:
    pairs = zip(batch.picks.rows.tolist(), batch.picks.values.tolist(), strict=True)
    return [
        Suggestion(row, rank, batch.strategy, batch.reason.format(value=value))
        for rank, (row, value) in enumerate(pairs, start=1)
    ]


@dataclass(frozen=True)
class Labelling:
    """Advice on a file, whose rows it names by their place in the file.

    ``examples`` are those of the suggestions, in order; ``skipped`` counts rows left out by file.
    """

    advice: Advice
    examples: Examples
    classes: tuple[str, ...]
    skipped: dict[str, dict[str, int]]


def files(
    *,
    encoder: str,
    pool: str,
    labelled: Sequence[str] = (),
    budget: int = 50,
    strategy: str = _auto.NAME,
    seed: int = 0,
    stop_below: float | None = None,
    **columns: Any,
) -> Labelling:
    """Say which texts of a file to label next.

    Parameters
    ----------
    encoder : str
        A spec.
    pool : str
        A file with ``text`` (and ``text_pair``); rows of it with a ``label`` are labelled.
    labelled : sequence of str
        Files of labelled texts, of the pool or others; rows without a label are left out.
    budget, strategy, seed, stop_below
        As of `suggest`.
    **columns
        ``text_column``, ``pair_column``, ``label_column``, ``encoding``.

    Raises
    ------
    InputError, UnknownNameError, OfflineError, MissingExtraError
        When a file or the encoder cannot be used, or a text has two labels.
    """
    spec = EncoderSpec.parse(encoder)
    found = _pools.read(pool, labelled, **columns)
    space = Pool(_pools.vectors(spec, found), found.rows, found.y,
                 max(len(found.classes), 1), seed)  # fmt: skip
    advice = _advise(space, budget, strategy, seed, stop_below)
    rows = [each.row for each in advice.suggestions]
    placed = [replace(each, row=found.places[each.row]) for each in advice.suggestions]
    return Labelling(
        replace(advice, suggestions=tuple(placed)),
        take(found.examples, rows),
        found.classes,
        found.skipped,
    )
