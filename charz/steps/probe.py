"""Probe: the result of every pending cell.

Reads embeddings and subsets; writes result rows. A unit of work is one encoder on one
dataset; each probe gets all training subsets of a protocol and split in one call.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from charz import metrics, pending, shelf
from charz.pending import Choice
from charz.records import Draw, Prediction, Progress, Silence, Summary
from charz.sources._split import take
from charz.steps import _cells, _filters, _units
from charz.steps._arrays import Arrays
from charz.store import Store

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from charz.records import Ints

_BATCH = 200
_DEAR = 10.0
"""CPU seconds of fits after which their results are written, however few."""
_HELD = 32 << 20
"""Bytes of probabilities that are held until their metrics are computed at once."""


def run(
    store: Store,
    *,
    encoders: Sequence[str] = (),
    datasets: Sequence[str] = (),
    protocols: Sequence[str] = (),
    n_seeds: int | None = None,
    workers: int = 1,
    deadline: float | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Measure every cell without a result.

    Parameters
    ----------
    encoders, datasets : sequences of str
        Names or patterns with ``*``; all when empty.
    protocols : sequence of str
        Names or patterns: only cells of these; all when empty.
    n_seeds : int, optional
        Only training subsets of seeds below this.
    workers : int
        Processes.
    deadline : float, optional
        A `time.monotonic` value after which no unit begins.

    Raises
    ------
    UnknownNameError
        When a pattern matches nothing.
    """
    choice = Choice(_filters.protocol_ids(store, protocols), n_seeds)
    return _units.run(
        "probe",
        store,
        _measure,
        _cells.units(store, pending.cells(choice), encoders, datasets, choice),
        noun="cells",
        workers=workers,
        deadline=deadline,
        progress=progress or Silence(),
    )


def _measure(store: Store, unit: tuple[int, int, Choice]) -> None:
    encoder_id, dataset_id, choice = unit
    arrays = Arrays(store, encoder_id, dataset_id)
    # Asked again here: another run may have done part of it since the units were listed.
    cells = store.rows(pending.of_unit(pending.cells(choice), encoder_id, dataset_id))
    wanted: dict[tuple[int, ...], dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for cell in cells:
        train, eval_ = cell["train_subset_id"], cell["eval_subset_id"]
        wanted[cell["probe_id"], *arrays.shared(train, eval_)][train].add(eval_)
    batch: list[dict[str, Any]] = []
    spent = 0.0
    # In one order everywhere: two runs that write the same rows wait, but never for each other.
    try:
        for (probe_id, *_), evals_of in sorted(wanted.items()):
            for row in _rows(store, arrays, probe_id, evals_of):
                batch.append(row | {"encoder_id": encoder_id, "run_id": store.run_id})
                spent += row["fit_seconds"]
                if len(batch) >= _BATCH or spent >= _DEAR:
                    store.put("result", batch)
                    batch.clear()
                    spent = 0.0
    finally:  # what was measured before a probe failed stays measured
        store.put("result", batch)


def _rows(
    store: Store, arrays: Arrays, probe_id: int, evals_of: dict[int, set[int]]
) -> Iterator[dict[str, Any]]:
    """Yield the result rows of one probe on training subsets that share rows and task."""
    trains, evals = sorted(evals_of), sorted(set().union(*evals_of.values()))
    draws = [arrays.draw(train) for train in trains]
    eval_draws = {eval_: arrays.draw(eval_) for eval_ in evals}
    answers = _answers(store.get("probe", id=probe_id), arrays, trains, draws, eval_draws)
    wanted = [[eval_ in evals_of[train] for eval_ in evals] for train in trains]
    found = _measured(answers, wanted, [draw.labels for draw in eval_draws.values()])
    for train, draw, (answer, measured) in zip(trains, draws, found, strict=True):
        for eval_, values in zip(evals, measured, strict=True):
            if values is not None:
                yield _row(answer, values, draw, eval_draws[eval_]) | {
                    "train_subset_id": train,
                    "eval_subset_id": eval_,
                    "probe_id": probe_id,
                }


def _answers(
    probe: RowMapping,
    arrays: Arrays,
    trains: list[int],
    draws: list[Draw],
    eval_draws: dict[int, Draw],
) -> Iterator[Prediction]:
    """Ask a probe: of vectors, or of texts where it trains the encoder itself."""
    item, n_classes = shelf.load("probes", probe["name"]), arrays.n_classes(trains[0])
    if hasattr(item, "predict_texts"):
        parts = [take(arrays.examples(each), draw.rows) for each, draw in eval_draws.items()]
        told = (arrays.spec, arrays.examples(trains[0]), draws, parts, n_classes)
        found: Iterator[Prediction] = item.predict_texts(*told, **probe["parameters"])
        return found
    X_evals = [arrays.vectors(each)[draw.rows] for each, draw in eval_draws.items()]
    X = arrays.vectors(trains[0])
    found = item.predict(X, draws, X_evals, n_classes, **probe["parameters"])
    return found


def _measured(
    answers: Iterator[Prediction], wanted: list[list[bool]], labels: list[Ints]
) -> Iterator[tuple[Prediction, list[dict[str, float] | None]]]:
    """Yield each answer with its metrics on every eval subset, None where not wanted.

    Answers are measured by the batch: what depends on the labels alone is then done once.
    """
    for batch in _batches(zip(answers, wanted, strict=True)):
        found: list[list[dict[str, float] | None]] = [[None] * len(labels) for _ in batch]
        for index, y in enumerate(labels):
            places = [place for place, (_, asked) in enumerate(batch) if asked[index]]
            P = [batch[place][0].probabilities[index] for place in places]
            many = metrics.measure_many(np.stack(P), y) if P else {}
            for row, place in enumerate(places):
                found[place][index] = {name: float(many[name][row]) for name in many}
        yield from ((answer, values) for (answer, _), values in zip(batch, found, strict=True))


def _batches(
    pairs: Iterable[tuple[Prediction, list[bool]]],
) -> Iterator[list[tuple[Prediction, list[bool]]]]:
    """Yield the pairs in order, as many together as `_HELD` and `_DEAR` allow."""
    batch, held, spent = [], 0, 0.0
    for pair in pairs:
        batch.append(pair)
        held += sum(P.nbytes for P in pair[0].probabilities)
        spent += pair[0].seconds
        if held >= _HELD or spent >= _DEAR:
            yield batch
            batch, held, spent = [], 0, 0.0
    if batch:
        yield batch


def _row(
    answer: Prediction, measured: dict[str, float], draw: Draw, eval_draw: Draw
) -> dict[str, Any]:
    row: dict[str, Any] = {name: _finite(value) for name, value in measured.items()}
    row |= {"cv_accuracy": None, "cv_log_loss": None}
    if answer.cv_probabilities is not None:
        row["cv_accuracy"] = metrics.accuracy(answer.cv_probabilities, draw.labels)
        row["cv_log_loss"] = metrics.log_loss(answer.cv_probabilities, draw.labels)
    return row | {
        "chosen": _finite(answer.chosen),
        # Six digits: beyond them it hangs on the order in which a machine adds up.
        "gap": None if answer.gap is None else _finite(float(f"{answer.gap:.5e}")),
        "fit_seconds": answer.seconds,
        "n_train": len(draw.rows),
        "n_eval": len(eval_draw.rows),
    }


def _finite(value: float | np.floating[Any] | None) -> float | None:
    """Return a number, or None where the metric is not defined."""
    return float(value) if value is not None and math.isfinite(value) else None
