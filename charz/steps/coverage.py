"""Coverage: what of a domain the labelled examples cover, and what it costs where they do not.

Reads a sample; hands back its regions, with the accuracy to be expected in each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.answers import ClassCoverage, Coverage, Plane, Region
from charz.errors import InputError, check_share
from charz.records import EncoderSpec
from charz.regions import _map, _rows, _seen, _space, _words
from charz.regions._map import Map
from charz.sample import Sample
from charz.steps import _files

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats, Ints
    from charz.regions._rows import Rows
    from charz.regions._space import Space

EXAMPLES = 3
FEW = 10
"""Eval rows below which a region's name and numbers say little."""
FITTED = (
    "this encoder knows the words of the labelled texts only, so that new ones take no text away "
    "from them: a pretrained one tells more"
)


def coverage(
    X_train: ArrayLike,
    y_train: ArrayLike,
    X_eval: ArrayLike,
    texts: Sequence[str] | None = None,
    *,
    n_regions: int | None = None,
    level: float = 0.9,
    quantile: float = 0.95,
) -> Coverage:
    """Tell how much of a domain labelled rows cover, where they do not, and what it costs.

    An eval row is covered where a labelled row lies within the radius: the distance that a
    labelled row keeps to its nearest other one, at the quantile. No registry is needed.

    Parameters
    ----------
    X_train : array (n_train, n_dims)
        Embeddings of the labelled rows.
    y_train : array (n_train,)
        Their labels: text or numbers, at least two classes.
    X_eval : array (n_eval, n_dims)
        Embeddings of unlabelled rows from the domain of use.
    texts : sequence of str, optional
        The texts of the eval rows: they give the regions names and examples.
    n_regions : int, optional
        Regions to look for; default: one for every 60 eval rows, 1 to 12.
    level : float in (0, 1)
        Promised coverage of the intervals for the regions of a new dataset.
    quantile : float in (0, 1]
        Of the distances that make the radius.

    Returns
    -------
    Coverage

    Raises
    ------
    InputError
        When arrays have the wrong shape or NaN, there is one class, no eval row, another number
        of texts than of eval rows, or a value is out of range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(80) % 2
    >>> X = rng.normal(size=(80, 4)) + 4 * y[:, None]
    >>> seen, new = rng.normal(size=(60, 4)), rng.normal(size=(60, 4)) + [0, 0, 0, 40]
    >>> found = coverage(X, y, np.vstack([seen, new]), n_regions=2)
    >>> 0.4 < found.covered < 0.6
    True
    >>> [(region.status, region.n_eval) for region in found.regions]
    [('empty', 60), ('covered', 60)]
    """
    if np.size(X_eval) == 0:
        raise InputError("there are no eval rows", "give unlabelled rows from the domain of use")
    made = _files.labelled(X_train, y_train, X_eval)
    return arrays(
        made.sample, made.classes, texts, n_regions=n_regions, level=level, quantile=quantile
    )


def files(
    *,
    encoder: str,
    train: str,
    eval: str,  # noqa: A002 - the option's name
    n_regions: int | None = None,
    level: float = 0.9,
    **columns: Any,
) -> Coverage:
    """Tell the same of labelled and unlabelled texts in files.

    Parameters
    ----------
    encoder : str
        A spec.
    train, eval : str
        Files with ``text`` (and ``text_pair``); ``label`` is read of the first only.
    n_regions, level
        See `coverage`.
    **columns
        ``text_column``, ``pair_column``, ``label_column``, ``encoding``.

    Raises
    ------
    InputError, UnknownNameError, OfflineError, MissingExtraError
        When a file or the encoder cannot be used.
    """
    _check(level, n_regions, 0.95)
    found = _files.read(encoder, train, eval, **columns)
    told = {"encoder": str(EncoderSpec.parse(encoder)), "skipped": found.skipped}
    answer = arrays(found.sample, found.classes, found.eval_texts, n_regions=n_regions, level=level)
    notes = (FITTED,) if found.is_fitted else ()
    return replace(answer, notes=(*answer.notes, *notes), provenance={**answer.provenance, **told})


def arrays(
    sample: Sample,
    classes: Sequence[str],
    texts: Sequence[str] | None = None,
    *,
    n_regions: int | None = None,
    level: float = 0.9,
    quantile: float = 0.95,
    given: Map | None = None,
) -> Coverage:
    """Tell the same of a sample: by the map ``given``, else by the one in the package."""
    _check(level, n_regions, quantile)
    if texts is not None and len(texts) != sample.n_eval:
        raise InputError(
            f"there are {len(texts)} texts for {sample.n_eval} eval rows", "give one per row"
        )
    given = _map.shipped() if given is None else given
    rows = _rows.describe(sample, quantile)
    asked = _space.usual(sample.n_eval) if n_regions is None else n_regions
    space = _space.divide(sample.X_train, sample.X_eval, asked, rows.said)
    seen = _seen.see(sample, rows, space)
    p = _map.probabilities(given, _seen.columns(seen))
    regions = _regions(sample, classes, texts, rows, space, _seen.statuses(seen))
    accuracies = _map.means(p, space.eval_region, space.n_regions)
    ends = _map.interval(given, seen, accuracies, level)
    regions = [
        replace(region, accuracy=float(value), low=float(low), high=float(high),
                error=1 - float(value))
        for region, value, (low, high) in zip(regions, accuracies, ends, strict=True)
    ]  # fmt: skip
    regions.sort(key=lambda region: (region.n_eval == 0, region.accuracy, region.number))
    return Coverage(
        covered=float(rows.covered.mean()),
        radius=rows.radius,
        n_train=sample.n_train,
        n_eval=sample.n_eval,
        level=level,
        accuracy=float(p.mean()),
        classes=_classes(sample, classes, rows),
        regions=tuple(regions),
        shift=_shift(sample, seen.domain_auc),
        notes=_notes(sample, regions, given, level),
        provenance={"quantile": quantile, "map": dict(given.provenance)},
        plane=_plane(space, rows),
    )


def _check(level: float, n_regions: int | None, quantile: float) -> None:
    check_share(level)
    if not 0 < quantile <= 1:
        raise InputError(f"the quantile {quantile} is not in (0, 1]", "give one such as 0.95")
    if n_regions is not None and n_regions < 1:
        raise InputError(f"{n_regions} regions are none", "give 1 or more")


def _regions(
    sample: Sample,
    classes: Sequence[str],
    texts: Sequence[str] | None,
    rows: Rows,
    space: Space,
    statuses: Sequence[str],
) -> list[Region]:
    """Return the regions by number, without what is expected of them."""
    k = space.n_regions
    names = [""] * k if texts is None else _words.names(texts, space.eval_region, k)
    found = []
    for each in range(k):
        asked = np.flatnonzero(space.eval_region == each)
        labelled = np.flatnonzero(space.train_region == each)
        counts = np.bincount(sample.y_train[labelled], minlength=len(classes)).tolist()
        covered = float(rows.covered[asked].mean()) if asked.size else math.nan
        nearest = float(np.median(rows.nearest[asked])) if asked.size else math.nan
        found.append(
            Region(
                number=each + 1,
                name=names[each],
                status=statuses[each],
                n_eval=len(asked),
                n_train=len(labelled),
                covered=covered,
                nearest=nearest / rows.radius if rows.radius else math.nan,
                accuracy=math.nan,
                low=math.nan,
                high=math.nan,
                error=math.nan,
                labels={name: n for name, n in zip(classes, counts, strict=True) if n},
                examples=_examples(texts, asked, rows, space),
            )
        )
    return found


def _examples(
    texts: Sequence[str] | None, asked: Ints, rows: Rows, space: Space
) -> tuple[str, ...]:
    """Return texts of a region, uncovered and near to its middle first, no text twice."""
    if texts is None or not asked.size:
        return ()
    Z = space.eval[asked]
    away = ((Z - Z.mean(axis=0)) ** 2).sum(axis=1)
    order = asked[np.lexsort((away.round(9), rows.covered[asked]))]
    return tuple(list(dict.fromkeys(texts[row] for row in order.tolist()))[:EXAMPLES])


def _classes(sample: Sample, classes: Sequence[str], rows: Rows) -> tuple[ClassCoverage, ...]:
    """Return how the eval rows are covered that the probe takes for each class."""
    k = len(classes)
    n_eval = np.bincount(rows.choice, minlength=k)
    shares = _map.means(rows.covered.astype(float), rows.choice, k)
    return tuple(
        ClassCoverage(name, int(sample.class_counts[code]), int(n_eval[code]), float(shares[code]))
        for code, name in enumerate(classes)
    )


def _shift(sample: Sample, domain_auc: float) -> dict[str, float]:
    from charz.features import mmd, prior_shift

    return {
        "domain_auc": domain_auc,
        "mmd": mmd.compute(sample),
        "prior_shift": prior_shift.compute(sample)["tv"],
    }


def _notes(sample: Sample, regions: Sequence[Region], given: Map, level: float) -> tuple[str, ...]:
    notes = []
    counts = sample.class_counts[sample.present]
    if counts.min() < 2:
        n = int((counts < 2).sum())
        notes.append(f"of {len(counts)} classes, {n} with only one labelled row: label more")
    if sample.n_train < FEW:
        notes.append(f"{sample.n_train} labelled rows make a radius that another few would move")
    bare = sum(region.status == "empty" for region in regions)
    if bare:
        notes.append(
            f"{bare} of {len(regions)} regions have no labelled row: what is expected there "
            "rests on the probe's confidence, which no label has checked"
        )
    small = sum(0 < region.n_eval < FEW for region in regions)
    if small:
        notes.append(f"{small} of {len(regions)} regions have fewer than {FEW} eval rows")
    if not math.isfinite(_map.quantile(given, level)):
        notes.append(f"the map has seen too few groups of datasets to promise {level:.0%}")
    return tuple(notes)


def _plane(space: Space, rows: Rows) -> Plane:
    return Plane(
        _two(space.train), _two(space.eval), space.eval_region + 1, np.asarray(rows.covered)
    )


def _two(Z: Floats) -> Floats:
    """Return the first two axes, zeros where there is one."""
    two: Floats = np.zeros((len(Z), 2))
    two[:, : min(2, Z.shape[1])] = Z[:, :2]
    return two
