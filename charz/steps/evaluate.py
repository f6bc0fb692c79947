"""Evaluate: how well metamodels and baselines predict what they have not seen.

Reads the training table; writes evaluation rows, one per method, way of holding out, setting
and size of the training sample, and on request what each family of features is worth. A
metamodel that can be told where eval rows come from is judged both ways, by the same fits.
Evaluating again on the same rows writes the same rows again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charz import shelf
from charz.errors import InputError, UnknownNameError, check_share
from charz.metamodels import _heldout, _importance, _judging_baselines, _judging_table
from charz.records import Progress, Silence, Summary
from charz.schema import TABLES, natural_key
from charz.store import Store

if TYPE_CHECKING:
    from charz.metamodels._bundle import Table

    Row = dict[str, Any]

METRICS = ("accuracy", "macro_f1", "log_loss")
MOST_ROWS = 48_000
"""Rows beyond this are thinned, evenly over groups; what is chosen among stays together."""
FOLDS = 5


@dataclass(frozen=True)
class Evaluation:
    """What `run` found.

    Attributes
    ----------
    rows : list of dict
        The columns of the table ``evaluation``, without ids.
    importance : list of dict
        Those of ``importance``; empty unless asked for.
    pictures : tuple of Path
        The files drawn.
    summary : Summary
    """

    rows: list[Row]
    importance: list[Row]
    pictures: tuple[Path, ...]
    summary: Summary


@dataclass(frozen=True)
class Plan:
    """What to evaluate and how; see `run`."""

    items: tuple[str, ...]
    hold_outs: tuple[str, ...]
    level: float
    least_eval: int | None
    n_folds: int
    workers: int
    importance: bool


def run(
    store: Store,
    *,
    metrics: Sequence[str] = METRICS,
    items: Sequence[str] = ("mixture",),
    hold_outs: Sequence[str] = _heldout.HOLD_OUTS,
    level: float = 0.9,
    least_eval: int | None = None,
    most_rows: int = MOST_ROWS,
    n_folds: int = FOLDS,
    importance: bool = False,
    figures: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Evaluation:
    """Judge metamodels beside their baselines on groups and lineages held out.

    Parameters
    ----------
    metrics : sequence of {"accuracy", "macro_f1", "log_loss"}
    items : sequence of str
        Names on the metamodels shelf.
    hold_outs : sequence of {"groups", "lineages", "both"}
    level : float in (0, 1)
        The coverage that intervals promise.
    least_eval : int, optional
        Eval rows that a judged row needs, so that noise floors compare; default: 500 where any
        row has as many, else 0. All rows are learned from.
    most_rows : int
        Rows beyond this are thinned.
    n_folds : int
        Folds of dataset groups. Lineages go in at most 5.
    importance : bool
        Also find what each family of features is worth to each item: costly.
    figures : Path, optional
        A folder to draw into.
    workers : int
        Processes; the figures are the same.

    Raises
    ------
    UnknownNameError
        When a metric, a metamodel or a way of holding out is unknown.
    InputError
        When there is nothing measured, or nothing to hold out of a single group.
    """
    began = time.monotonic()
    _check("metric to predict", metrics, METRICS)
    _check("metamodel", items, shelf.names("metamodels"))
    _check("way of holding out", hold_outs, _heldout.HOLD_OUTS)
    check_share(level)
    ways = tuple(way for way in _heldout.HOLD_OUTS if way in hold_outs)
    plan = Plan(tuple(items), ways, level, least_eval, n_folds, workers, importance)
    rows: list[Row] = []
    worth: list[Row] = []
    notes: list[str] = []
    pictures: list[Path] = []
    for metric in metrics:
        table = read(store, metric, most_rows)
        found, lines = _judged(metric, table, plan, notes, progress or Silence())
        families = _importances(metric, table, plan, progress or Silence())
        _write(store, "evaluation", lines)
        _write(store, "importance", families)
        rows, worth = rows + lines, worth + families
        if figures is not None:
            pictures += _drawn(figures, metric, table, found, (lines, families))
    seconds = time.monotonic() - began
    summary = Summary("evaluate", len(rows), seconds=seconds, unit="rows", notes=tuple(notes))
    return Evaluation(rows, worth, tuple(pictures), summary)


def _check(what: str, asked: Sequence[str], known: Sequence[str]) -> None:
    for name in asked:
        if name not in known:
            raise UnknownNameError.among(what, name, known)


def read(store: Store, metric: str, most_rows: int = MOST_ROWS) -> Table:
    """Return what is judged: samples at their own sizes, what is chosen among kept together.

    Raises
    ------
    InputError
        When there is nothing measured, or nothing to hold out of a single group.
    """
    table: Table = shelf.step("fit").read(
        store, metric, reach=1, most_rows=most_rows, apart=_judging_baselines.PLACE
    )
    if not _judging_table.ways(table):
        raise InputError(
            "nothing can be held out of a single dataset group and encoder lineage",
            "measure another dataset or encoder",
        )
    return table


def _judged(
    metric: str, table: Table, plan: Plan, notes: list[str], progress: Progress
) -> tuple[list[_judging_table.Judged], list[Row]]:
    """Return every method's answers, and the rows of figures made from them."""
    import sklearn.ensemble  # noqa: F401 - what is to be held must be loaded
    import threadpoolctl

    possible = _judging_table.ways(table)
    ways = [way for way in plan.hold_outs if way in possible]
    if len(ways) < len(plan.hold_outs):
        absent = ", ".join(way for way in plan.hold_outs if way not in possible)
        notes.append(f"{metric}: too few groups or lineages to hold out {absent}")
    total = len(ways) * _judging_table.n_methods(table, plan.items)
    progress.start("evaluate", total, "methods")
    # Trees on a few thousand rows: threads beyond one only wait for each other.
    with threadpoolctl.threadpool_limits(1):
        found = _judging_table.judge(
            table,
            plan.items,
            ways,
            level=plan.level,
            n_folds=plan.n_folds,
            workers=plan.workers,
            told=lambda what: progress.advance(1, f"{metric}: {what}"),
        )
    least = _judging_table.least_eval(table, plan.least_eval)
    lines = _judging_table.rows(table, found, plan.level, least)
    known = {"metric": metric, "training_fingerprint": table.fingerprint}
    return found, [known | line for line in lines]


def _importances(metric: str, table: Table, plan: Plan, progress: Progress) -> list[Row]:
    import threadpoolctl

    if not plan.importance or "groups" not in _judging_table.ways(table):
        return []
    least = _judging_table.least_eval(table, plan.least_eval)
    rows: list[Row] = []
    n_families = len(_importance.families(table.features))
    progress.start("importance", len(plan.items) * (n_families + 1), "families")
    for item in plan.items:
        with threadpoolctl.threadpool_limits(1):
            lines = _importance.rows(
                table,
                item,
                least,
                n_folds=plan.n_folds,
                workers=plan.workers,
                told=lambda family: progress.advance(1, f"{metric}: {family}"),
            )
        known = {"metric": metric, "item": item, "training_fingerprint": table.fingerprint}
        rows += [known | line for line in lines]
    return rows


def _write(store: Store, name: str, lines: list[Row]) -> None:
    """Write rows, or write them anew."""
    if lines:
        facts = {"run_id": store.run_id, "created_at": datetime.now(UTC)}
        rows = [line | facts for line in lines]
        changed = set(rows[0]) - set(natural_key(TABLES[name]))
        store.put(name, rows, update=sorted(changed))


def _drawn(
    folder: Path,
    metric: str,
    table: Table,
    found: list[_judging_table.Judged],
    figures: tuple[list[Row], list[Row]],
) -> list[Path]:
    from charz.pictures import evaluation

    lines, families = figures
    judged = (table.features["n_eval"] >= lines[0]["least_eval"]).to_numpy()
    rows = [
        evaluation.Points(
            method=each.method,
            hold_out=each.hold_out,
            truth=table.target[judged],
            answer=each.answer[judged],
            ends=each.ends[judged],
            groups=table.groups[judged],
            settings=table.settings[judged],
        )
        for each in found
        if each.kind == "metamodel" and each.hold_out == found[-1].hold_out
    ]
    folder.mkdir(parents=True, exist_ok=True)
    return evaluation.draw(folder, metric, lines, rows, families)
