"""What the map from coverage to accuracy sees of a sample: a row of numbers per eval row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charz.regions import _rows, _space

if TYPE_CHECKING:
    from charz.records import Floats, Ints
    from charz.sample import Sample

OF_REGION = ("region_covered", "region_labels", "region_balance", "region_right")
OF_SAMPLE = ("accuracy", "size", "classes", "domain_auc")
COLUMNS = (*_rows.NAMES, "covered", *OF_REGION, *OF_SAMPLE)
"""The columns that `columns` gives."""
GEOMETRY = (
    "nearest", "tail", "fifth", "density", "covered", "region_covered", "region_labels",
    "region_balance", "size", "classes", "domain_auc",
)  # fmt: skip
"""Columns that know where labels lie, and nothing of what a probe makes of them."""


@dataclass(frozen=True)
class Seen:
    """A sample as the map sees it; arrays as in `_rows.Rows` and `_space.Space`."""

    facts: Floats
    covered: np.ndarray
    right: Floats
    train_region: Ints
    eval_region: Ints
    n_regions: int
    n_classes: int
    domain_auc: float


def see(sample: Sample, rows: _rows.Rows, space: _space.Space) -> Seen:
    """Return what the map sees of a sample."""
    from charz.features import domain_auc

    return Seen(
        rows.facts,
        rows.covered,
        rows.right,
        space.train_region,
        space.eval_region,
        space.n_regions,
        len(sample.present),
        domain_auc.compute(sample),
    )


def columns(seen: Seen) -> Floats:
    """Return the numbers of every eval row: its own, those of its region and of the sample.

    Returns
    -------
    float array (n_eval, len(COLUMNS))
    """
    regions = _of_regions(seen)[seen.eval_region]
    n, correct = len(seen.right), float(seen.right.sum())
    accuracy = np.log((correct + 1) / (n - correct + 1))
    sample = [accuracy, np.log(n), np.log(seen.n_classes), seen.domain_auc]
    repeated = np.broadcast_to(sample, (len(seen.facts), len(sample)))
    return np.column_stack([seen.facts, seen.covered, regions, repeated])


def _of_regions(seen: Seen) -> Floats:
    """Return the numbers of every region, (n_regions, len(OF_REGION))."""
    k = seen.n_regions
    n_eval = np.bincount(seen.eval_region, minlength=k)
    n_train = np.bincount(seen.train_region, minlength=k)

    covered = np.bincount(seen.eval_region, weights=seen.covered, minlength=k)
    overall = (seen.right.sum() + 1) / (len(seen.right) + 2)
    correct = np.bincount(seen.train_region, weights=seen.right, minlength=k)
    right = (correct + 5 * overall) / (n_train + 5)
    shares = (n_train + 1) / (len(seen.right) + k) / ((n_eval + 1) / (len(seen.covered) + k))
    return np.column_stack(
        [
            covered / np.maximum(n_eval, 1),
            np.log1p(n_train),
            np.log(shares),
            np.log(right / (1 - right)),
        ]
    )


def statuses(seen: Seen) -> list[str]:
    """Return how every region is labelled: ``unasked``, ``empty``, ``thin`` or ``covered``.

    Without an eval row it is unasked, without a labelled row empty. Thin is one of whose eval rows
    fewer than half are covered, or that has fewer than half the labelled rows that its share of
    the eval rows asks for.

    >>> where = np.array([0, 0, 1, 1]), np.array([0, 1, 2, 2])
    >>> seen = Seen(np.zeros((4, 1)), np.array([1, 1, 0, 0]), np.ones(4), *where, 4, 2, 0.5)
    >>> statuses(seen)
    ['covered', 'covered', 'empty', 'unasked']
    """
    n_eval = np.bincount(seen.eval_region, minlength=seen.n_regions)
    n_train = np.bincount(seen.train_region, minlength=seen.n_regions)
    covered = np.bincount(seen.eval_region, weights=seen.covered, minlength=seen.n_regions)
    n = len(seen.right), len(seen.covered)
    is_thin = (covered < n_eval / 2) | (n_train / n[0] < n_eval / n[1] / 2)
    codes = np.select([n_eval == 0, n_train == 0, is_thin], [0, 1, 2], 3)
    return [("unasked", "empty", "thin", "covered")[code] for code in codes.tolist()]
