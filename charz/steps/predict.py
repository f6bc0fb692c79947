"""Predict: what a probe will score on texts or vectors that nobody has labelled.

Reads a sample and a metamodel; hands back forecasts and, given a registry, stores them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from charz import metrics, paths
from charz.answers import Forecast
from charz.errors import InputError, RegistryError, UnknownNameError
from charz.metamodels import _bundle, _domain
from charz.metamodels._bundle import Bundle
from charz.records import EncoderSpec
from charz.sample import Sample
from charz.schema import TABLES
from charz.steps import _features, _files
from charz.store import Store

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def predict_performance(
    X_train: ArrayLike,
    y_train: ArrayLike,
    X_eval: ArrayLike,
    metric: str = "accuracy",
    level: float = 0.9,
    at: int | None = None,
    domain: str = "unknown",
) -> Forecast:
    """Predict what a logistic probe trained on this sample scores on the eval rows.

    No registry is needed: the metamodel inside the package answers.

    Parameters
    ----------
    X_train : array (n_train, n_dims)
        Embeddings of the labelled rows.
    y_train : array (n_train,)
        Their labels: text or numbers, at least two classes.
    X_eval : array (n_eval, n_dims)
        Embeddings of unlabelled rows from the domain of use.
    metric : {"accuracy", "macro_f1", "log_loss"}
    level : float in (0, 1)
        Promised coverage of the interval on a new dataset.
    at : int, optional
        Predict for a training sample of this many rows instead, at least ``n_train``.
    domain : {"unknown", "same", "other"}
        Where the eval rows come from, if you know: the same source as the labelled rows, or
        another. Unknown, the metamodel guesses by how the rows look.

    Returns
    -------
    Forecast

    Raises
    ------
    InputError
        When arrays have the wrong shape or NaN, there is one class, or a value is out of
        range.
    UnknownNameError
        When there is no such metric or domain.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(200) % 2
    >>> X = rng.normal(size=(200, 16)) + y[:, None]
    >>> forecast = predict_performance(X[:100], y[:100], X[100:])
    >>> forecast.low <= forecast.value <= forecast.high
    True
    >>> told = predict_performance(X[:100], y[:100], X[100:], domain="same")
    >>> told.provenance["domain"]
    'same'
    """
    _domain.number(domain)  # an unknown one is an error before any work
    sample = _files.labelled(X_train, y_train, X_eval).sample
    return forecast(sample, packaged(metric), level=level, at=at, domain=domain)


def files(
    store: Store | None,
    *,
    encoder: str,
    train: str,
    eval: str,  # noqa: A002 - the option's name
    metric: str = "accuracy",
    level: float = 0.9,
    at: Sequence[int] = (),
    domain: str = "unknown",
    **columns: Any,
) -> list[Forecast]:
    """Predict for labelled and unlabelled texts in files.

    Parameters
    ----------
    store : Store, optional
        Where metamodels come from and forecasts are kept; the packaged metamodel answers when
        there is none, or when it has seen more dataset groups.
    encoder : str
        A spec.
    train, eval : str
        Files with ``text`` (and ``text_pair``); ``label`` is read of the first only.
    at : sequence of int
        Larger training sizes to predict for as well.
    domain : {"unknown", "same", "other"}
        Where the eval rows come from; see `predict_performance`.
    **columns
        ``text_column``, ``pair_column``, ``label_column``, ``encoding``.

    Returns
    -------
    list of Forecast
        The one at the training sample's own size first.

    Raises
    ------
    InputError, UnknownNameError, OfflineError, MissingExtraError
        When a file or the encoder cannot be used.
    """
    _domain.number(domain)  # an unknown one is an error before any text is encoded
    found = _files.read(encoder, train, eval, **columns)
    spec = str(EncoderSpec.parse(encoder))
    asked: dict[str, Any] = {"metric": metric, "level": level, "at": at, "domain": domain}
    forecasts = arrays(store, found.sample, **asked, encoder=spec)
    told = {"encoder": spec, "skipped": found.skipped}
    return [replace(each, provenance={**each.provenance, **told}) for each in forecasts]


def arrays(
    store: Store | None,
    sample: Sample,
    *,
    metric: str = "accuracy",
    level: float = 0.9,
    at: Sequence[int] = (),
    domain: str = "unknown",
    encoder: str | None = None,
    bundle: Bundle | None = None,
) -> list[Forecast]:
    """Predict for a sample: by ``bundle``, else by the best there is (`best`).

    Raises
    ------
    UnknownNameError
        When there is no such metric or domain.
    """
    _domain.number(domain)
    if bundle is None:
        bundle = best(store, metric)
    sample = _files.ordered(sample)
    values = _features.compute(sample, bundle.features)
    asked: dict[str, Any] = {"level": level, "domain": domain, "values": values}
    forecasts = [forecast(sample, bundle, at=size, **asked) for size in (None, *at)]
    if store is not None:
        forecasts = [_stored(store, sample, bundle, each, values, encoder) for each in forecasts]
    return forecasts


def best(store: Store | None, metric: str) -> Bundle:
    """Return the metamodel that has seen more dataset groups: the registry's or the packaged.

    Raises
    ------
    UnknownNameError
        When there is no such metric.
    RegistryError
        When there is neither.
    """
    own = newest(store, metric) if store is not None else None
    if own is None:
        return packaged(metric)
    try:
        shipped = packaged(metric)
    except RegistryError:
        return own
    return own if own.n_groups >= shipped.n_groups else shipped


def newest(store: Store, metric: str) -> Bundle | None:
    """Return the registry's newest metamodel for a metric, None when it has none.

    Of those fitted on most rows: one that had to do without some is for trying it on them.
    """
    table = TABLES["metamodel"]
    query = sa.select(table.c.arrays_hash).where(table.c.metric == metric)
    rows = store.rows(query.order_by(table.c.n_rows.desc(), table.c.id.desc()).limit(1))
    if not rows:
        return None
    return _bundle.from_arrays(store.artifacts.arrays(rows[0]["arrays_hash"]))


@cache
def packaged(metric: str) -> Bundle:
    """Return the metamodel that charz ships for a metric.

    Raises
    ------
    UnknownNameError
        When there is no such metric.
    RegistryError
        When it ships none.
    """
    if metric not in metrics.NAMES:
        raise UnknownNameError.among("metric", metric, metrics.NAMES)
    path = paths.PACKAGE / "metamodels" / "shipped" / f"{metric}.npz"
    if not path.is_file():
        raise RegistryError(
            f"charz ships no metamodel for '{metric}'", "fit one in a registry with 'charz fit'"
        )
    with np.load(path, allow_pickle=False) as stored:
        return _bundle.from_arrays({name: stored[name] for name in stored.files})


def forecast(
    sample: Sample,
    bundle: Bundle,
    *,
    level: float = 0.9,
    at: int | None = None,
    domain: str = "unknown",
    values: dict[str, float] | None = None,
) -> Forecast:
    """Let a metamodel answer for a sample.

    Parameters
    ----------
    domain : {"unknown", "same", "other"}
        Where the eval rows come from; see `predict_performance`.
    values : dict, optional
        The sample's features, where they are known already.

    Raises
    ------
    InputError
        When the level is not inside (0, 1) or ``at`` is below the sample's size.
    UnknownNameError
        When there is no such domain.
    """
    import pandas as pd

    said = {_domain.TOLD: _domain.number(domain)}
    if at is not None and at < sample.n_train:
        raise InputError(
            f"at={at} is below the {sample.n_train} labelled rows", "give a larger size"
        )
    values = values if values is not None else _features.compute(sample, bundle.features)
    row = values | {"n_train": sample.n_train, "n_eval": sample.n_eval}
    row["n_target"] = at or sample.n_train
    answer = _bundle.answer(bundle, pd.DataFrame([row | said]), level)
    return Forecast(
        metric=bundle.metric,
        value=float(answer.value[0]),
        low=float(answer.low[0]),
        high=float(answer.high[0]),
        level=level,
        baselines=_baselines(sample, bundle, values),
        support=float(answer.support[0]),
        n_train=sample.n_train,
        n_eval=sample.n_eval,
        at=at,
        provenance={**_provenance(bundle), "domain": domain},
    )


def _baselines(sample: Sample, bundle: Bundle, values: dict[str, float]) -> dict[str, float]:
    """Return what simpler means would say: the constant, CV and, of accuracy, every estimator."""
    out_of_fold = sample.head.cv_probabilities
    answers = {"constant": bundle.constant}
    if out_of_fold is not None:
        answers["cv"] = metrics.measure(out_of_fold, sample.y_train)[bundle.metric]
    if bundle.metric == "accuracy":
        known = (name for name in _features.estimators() if np.isfinite(values.get(name, np.nan)))
        answers |= {name: values[name] for name in known}
    return answers


def _provenance(bundle: Bundle) -> dict[str, Any]:
    return {
        "metamodel": bundle.item,
        "training_fingerprint": bundle.fingerprint,
        "n_rows": bundle.n_rows,
        "n_groups": bundle.n_groups,
        "n_lineages": bundle.n_lineages,
    }


def _stored(
    store: Store,
    sample: Sample,
    bundle: Bundle,
    given: Forecast,
    values: dict[str, float],
    encoder: str | None,
) -> Forecast:
    """Keep a forecast in the registry; its provenance gains the key to find it by."""
    sample_fingerprint, domain = _files.fingerprint(sample), given.provenance["domain"]
    key = _files.key(bundle.item, bundle.fingerprint, sample_fingerprint, encoder, given.metric,
                     given.level, given.at, domain)  # fmt: skip
    metamodel = store.row(
        "metamodel",
        item=bundle.item,
        metric=bundle.metric,
        training_fingerprint=bundle.fingerprint,
    )
    row = {
        "key": key,
        "metamodel_id": metamodel["id"] if metamodel else None,
        "metamodel_fingerprint": bundle.fingerprint,
        "encoder_spec": encoder,
        "sample_fingerprint": sample_fingerprint,
        "features": {name: _files.finite(x) for name, x in values.items()} | {"domain": domain},
        "run_id": store.run_id,
    }
    shown = ("metric", "value", "low", "high", "level", "support", "n_train", "n_eval", "at")
    row |= {name: getattr(given, name) for name in shown}
    row["baselines"] = {name: _files.finite(value) for name, value in given.baselines.items()}
    store.put("prediction", [row])
    return replace(given, provenance={**given.provenance, "key": key})
