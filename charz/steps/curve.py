"""Curve: what more labels would bring, and how many reach a target.

Reads a labelled sample and the prior that ships with charz; hands back a forecast curve and,
given a registry, stores each point as a prediction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import paths, shelf
from charz.answers import CurvePoint, LearningCurve
from charz.curves import _answer, _pilot, _prior
from charz.curves._pilot import Pilot
from charz.curves._prior import Prior
from charz.errors import InputError, UnknownNameError, check_share
from charz.records import EncoderSpec
from charz.sample import Sample
from charz.steps import _features, _files
from charz.store import Store

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from charz.records import Floats

    Arrays = dict[str, np.ndarray]

METRICS = ("accuracy", "macro_f1")
AHEAD = (2, 4, 8, 16)
"""How many times the labelled rows a forecast is given for, where no size is asked for."""
ITEM = "curve"


def learning_curve(
    X_train: ArrayLike,
    y_train: ArrayLike,
    X_eval: ArrayLike | None = None,
    target: float | None = None,
    level: float = 0.9,
    at: Sequence[int] = (),
    metric: str = "accuracy",
) -> LearningCurve:
    """Forecast what a logistic probe would score with more labelled rows.

    No registry is needed: the prior inside the package answers.

    Parameters
    ----------
    X_train : array (n_train, n_dims)
        Embeddings of the labelled rows: one sample, not a mean of many.
    y_train : array (n_train,)
        Their labels: text or numbers, at least two classes.
    X_eval : array (n_eval, n_dims), optional
        Unlabelled rows from the domain of use: they make the forecast nearer, and the metamodel's
        then stands beside it.
    target : float in (0, 1), optional
        How many labelled rows reach this score?
    level : float in (0, 1)
        Promised coverage of the intervals on a new dataset.
    at : sequence of int
        Larger sizes to forecast for. Default: 2, 4, 8 and 16 times ``n_train``.
    metric : {"accuracy", "macro_f1"}

    Returns
    -------
    LearningCurve

    Raises
    ------
    InputError
        When arrays have the wrong shape or NaN, there is one class, or a value is out of range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(64) % 2
    >>> X = rng.normal(size=(64, 8)) + y[:, None]
    >>> curve = learning_curve(X, y, target=0.5, at=[128])
    >>> [point.n for point in curve.points], curve.answer.verdict
    ([64, 128], 'reached')
    """
    X = np.asarray(X_train)
    asked = X_eval if X_eval is not None else X[:1]
    sample = _files.labelled(X, y_train, asked).sample
    metamodel = X_eval is not None
    return of(sample, metric, target=target, level=level, at=at, metamodel=metamodel)


def files(
    store: Store | None,
    *,
    encoder: str,
    train: str,
    eval: str | None = None,  # noqa: A002 - the option's name
    metric: str = "accuracy",
    target: float | None = None,
    level: float = 0.9,
    at: Sequence[int] = (),
    **columns: Any,
) -> LearningCurve:
    """Forecast the curve of labelled texts in a file.

    Parameters
    ----------
    store : Store, optional
        Where forecasts are kept, each point under a key (``provenance["keys"]``).
    encoder : str
        A spec.
    train : str
        A file with ``text`` (and ``text_pair``) and ``label``.
    eval : str, optional
        A file of texts from the domain of use, labels unneeded.
    metric, target, level, at
        As in `learning_curve`.
    **columns
        ``text_column``, ``pair_column``, ``label_column``, ``encoding``.

    Raises
    ------
    InputError, UnknownNameError, OfflineError, MissingExtraError
        When a file or the encoder cannot be used.
    """
    found = _files.read(encoder, train, eval or train, **columns)
    spec = str(EncoderSpec.parse(encoder))
    sample = _files.ordered(found.sample)
    metamodel = eval is not None
    curve = of(sample, metric, target=target, level=level, at=at, metamodel=metamodel)
    skipped = found.skipped if metamodel else {"train": found.skipped["train"]}
    told = {**curve.provenance, "encoder": spec, "skipped": skipped}
    if store is not None:
        told["keys"] = _stored(store, sample, curve, spec, metamodel)
    return replace(curve, provenance=told)


def of(
    sample: Sample,
    metric: str,
    *,
    target: float | None,
    level: float,
    at: Sequence[int],
    metamodel: bool,
) -> LearningCurve:
    """Return the forecast of a sample whose rows are in order, see `learning_curve`."""
    _check(sample, metric, target, level, at)
    pilot = _pilot.measure(sample)
    arrays = packaged(metric, with_eval=metamodel)
    known = _known(sample, metric, arrays, metamodel=metamodel)
    prior = Prior(arrays, pilot.n, known)
    own = at or [share * pilot.n for share in AHEAD]
    sizes = np.array(sorted({pilot.n, *own}), dtype=np.float64)
    band = _answer.around(prior, prior.values, level, sizes)
    points = tuple(
        CurvePoint(int(n), float(value), float(low), float(high))
        for n, value, low, high in zip(sizes, band.value, band.low, band.high, strict=True)
    )
    baselines = _baselines(pilot, metric, sizes)
    if metamodel:
        baselines["metamodel"] = _metamodel(sample, metric, sizes, known)
    return LearningCurve(
        metric=metric,
        level=level,
        n_train=pilot.n,
        points=points,
        answer=None if target is None else _answer.answer(prior, prior.values, target, level),
        measured=dict(zip(pilot.sizes.tolist(), pilot.scores[metric].tolist(), strict=True)),
        baselines=baselines,
        support=prior.support,
        mdl=pilot.code,
        esc=_esc(pilot),
        provenance={
            "prior": fingerprint(arrays),
            "n_groups": int(arrays["calibration/n_groups"]),
            "n_draws": _pilot.N_DRAWS,
            "inputs": prior.inputs,
        },
    )


def _check(
    sample: Sample, metric: str, target: float | None, level: float, at: Sequence[int]
) -> None:
    if metric not in METRICS:
        raise UnknownNameError.among("metric", metric, METRICS)
    check_share(level)
    if target is not None and not 0 < target < 1:
        raise InputError(f"the target {target} is no {metric}", "give one between 0 and 1")
    for size in at:
        if size < sample.n_train:
            raise InputError(
                f"at={size} is below the {sample.n_train} labelled rows", "give a larger size"
            )
        if size > _answer.FAR * sample.n_train:
            raise InputError(
                f"at={size} is over {_answer.FAR} times the {sample.n_train} labelled rows",
                "give a smaller size, or label more",
            )


def _known(sample: Sample, metric: str, arrays: Arrays, *, metamodel: bool) -> dict[str, float]:
    """Return the features that the prior asks for, and the metamodel where it is asked."""
    wanted = set(_prior.names(arrays))
    if metamodel:
        wanted |= set(shelf.step("predict").packaged(metric).features)
    return _features.compute(sample, wanted)


@cache
def packaged(metric: str, *, with_eval: bool = False) -> Arrays:
    """Return the prior that charz ships for a metric: of labelled rows alone, or with eval rows."""
    name = f"{metric}_eval" if with_eval else metric
    with np.load(paths.PACKAGE / "curves" / "shipped" / f"{name}.npz", allow_pickle=False) as got:
        return {name: got[name] for name in got.files}


def fingerprint(arrays: Arrays) -> str:
    """Return the SHA-256 of a prior."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode() + repr(arrays[name].shape).encode() + arrays[name].tobytes())
    return digest.hexdigest()


def _baselines(pilot: Pilot, metric: str, sizes: Floats) -> dict[str, tuple[float, ...]]:
    """Return what cross-validation, every family and their median say at the sizes."""
    said = families(pilot.sizes, pilot.scores[metric], pilot.n, sizes)
    return {name: tuple(map(float, values)) for name, values in said.items()}


def families(measured: ArrayLike, scores: ArrayLike, n: int, sizes: ArrayLike) -> dict[str, Floats]:
    """Return the values at ``sizes`` of every family fitted to a pilot, and their median.

    A point's standard error is that of a score on the rows outside of its part.
    """
    own, score = np.asarray(measured, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    judged = np.append(n - own[:-1], n)
    spread = np.sqrt(np.clip(np.nan_to_num(score, nan=0.5), 0.05, 0.95))
    noise = spread * np.sqrt(np.clip(1 - np.nan_to_num(score, nan=0.5), 0.05, 0.95) / judged)
    said = {}
    for name, item in shelf.items("curves").items():
        said[name] = np.asarray(item.value(sizes, item.fit(own, score, noise)))
    fitted = np.array([values for name, values in said.items() if name != "last"])
    known = fitted[np.isfinite(fitted).all(axis=1)]
    said["median"] = np.median(known, axis=0) if len(known) else said["last"]
    return said


def _metamodel(
    sample: Sample, metric: str, sizes: Floats, known: dict[str, float]
) -> tuple[float, ...]:
    predict = shelf.step("predict")
    bundle = predict.packaged(metric)
    values = {name: known[name] for name in bundle.features if name in known}
    asked = [None if size == sample.n_train else int(size) for size in sizes]
    said = [predict.forecast(sample, bundle, at=at, values=values) for at in asked]
    return tuple(float(each.value) for each in said)


def _esc(pilot: Pilot) -> int | None:
    """Return the least size whose expected log-loss is half the labels' entropy.

    Source: eps-sample complexity, Whitney et al. 2020 (arXiv:2009.07368), section 3; the loss
    over the entropy of the labels follows a power law to the measured points.
    """
    left = np.clip(1 - pilot.scores["log_loss"] / (2 * pilot.entropy), 0, 1)
    item = shelf.load("curves", "pow3")
    parameters = item.fit(pilot.sizes, left)
    sizes = np.unique(np.geomspace(pilot.sizes[0], _answer.FAR * pilot.n, 400).astype(int))
    reached = np.flatnonzero(item.value(sizes, parameters) >= 0.75)
    return int(sizes[reached[0]]) if len(reached) else None


def _stored(
    store: Store, sample: Sample, curve: LearningCurve, encoder: str, has_eval: bool
) -> dict[str, str]:
    """Keep every point as a prediction; return the keys to find them by, by size."""
    sample_fingerprint, prior = _files.fingerprint(sample), curve.provenance["prior"]
    rows = []
    for place, point in enumerate(curve.points):
        at = None if point.n == curve.n_train else point.n
        rows.append(
            {
                "key": _files.key(
                    ITEM, prior, sample_fingerprint, encoder, curve.metric, curve.level, at
                ),
                "metamodel_id": None,
                "metamodel_fingerprint": prior,
                "encoder_spec": encoder,
                "sample_fingerprint": sample_fingerprint,
                "metric": curve.metric,
                "value": point.value,
                "low": point.low,
                "high": point.high,
                "level": curve.level,
                "support": curve.support,
                "baselines": {
                    name: _files.finite(values[place]) for name, values in curve.baselines.items()
                },
                "features": {
                    name: _files.finite(value) for name, value in curve.provenance["inputs"].items()
                },
                "n_train": curve.n_train,
                "n_eval": sample.n_eval if has_eval else 0,
                "at": at,
                "run_id": store.run_id,
            }
        )
    store.put("prediction", rows)
    return {str(point.n): row["key"] for point, row in zip(curve.points, rows, strict=True)}
