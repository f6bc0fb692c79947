"""Fit: a metamodel from results and features.

Reads the training table, one SQL query; writes a metamodel row, its arrays and its held-out
report. Fitting again on the same rows changes nothing.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from charz import metrics, paths
from charz.errors import InputError, UnknownNameError
from charz.metamodels import _bundle, _heldout
from charz.records import Progress, Silence, Summary
from charz.schema import TABLES
from charz.store import Store
from charz.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("accuracy", "macro_f1", "log_loss")
_KEY = ("encoder", "dataset", "eval_dataset", "protocol", "seed", "n_train", "n_eval")
_PREFIX = "x_"


def run(
    store: Store,
    *,
    metric: str = "accuracy",
    item: str = "stack",
    progress: Progress | None = None,
) -> Summary:
    """Fit a metamodel on all that was measured and judge it on groups held out.

    Parameters
    ----------
    metric : {"accuracy", "macro_f1", "log_loss"}
    item : str
        A name on the metamodels shelf.

    Raises
    ------
    UnknownNameError
        When the metric or the metamodel is unknown.
    InputError
        When no measured sample has features yet.
    """
    if metric not in METRICS or metric not in metrics.NAMES:
        raise UnknownNameError.among("metric to predict", metric, METRICS)
    progress = progress or Silence()
    progress.start("fit", 1, "metamodels")
    began = time.monotonic()
    table = read(store, metric)
    if store.row("metamodel", item=item, metric=metric, training_fingerprint=table.fingerprint):
        return Summary("fit", seconds=time.monotonic() - began, unit="metamodels")
    _write(store, item, metric, table)
    progress.advance(1, f"{item} on {len(table.target)} rows")
    return Summary("fit", done=1, seconds=time.monotonic() - began, unit="metamodels")


@dataclass(frozen=True)
class Table:
    """The training table, taken apart: one row per measured sample."""

    features: pd.DataFrame
    target: pd.Series[Any]
    groups: pd.Series[Any]
    lineages: pd.Series[Any]
    fingerprint: str


def read(store: Store, metric: str) -> Table:
    """Read the training table for one metric.

    Raises
    ------
    InputError
        When it is empty.
    """
    with Warehouse(store) as warehouse:
        table = warehouse.run((paths.queries() / "training_table.sql").read_text())
    table = table[table[metric].notna()].reset_index(drop=True)
    names = [name for name in table.columns if name.startswith(_PREFIX)]
    if table.empty or not names:
        raise InputError(
            "no measured sample has features yet", "run 'charz probe' and 'charz characterize'"
        )
    features = table[names].rename(columns=lambda name: name.removeprefix(_PREFIX))
    digest = hashlib.sha256(table[[*_KEY, metric, *names]].to_csv(index=False).encode())
    return Table(features, table[metric], table["eval_group"], table["lineage"], digest.hexdigest())


def _write(store: Store, item: str, metric: str, table: Table) -> None:
    rest = (table.features, table.target, table.groups, table.lineages)
    held_out = _bundle.evaluate(item, *rest)
    bundle = _bundle.fit(item, metric, *rest, held_out, table.fingerprint)
    report = _heldout.report(item, *rest, predicted=held_out) if bundle.n_groups > 1 else []
    stored = store.artifacts.put_arrays(_bundle.to_arrays(bundle), kind="metamodel")
    row = {
        "item": item,
        "metric": metric,
        "training_fingerprint": table.fingerprint,
        "n_rows": bundle.n_rows,
        "n_groups": bundle.n_groups,
        "n_lineages": bundle.n_lineages,
        "report": report,
        "run_id": store.run_id,
    }
    with store.write() as writer:
        writer.put("metamodel", [row | {"arrays_hash": writer.artifact(stored)}])


def report(store: Store, metric: str = "accuracy") -> list[dict[str, Any]]:
    """Return the held-out report of the newest metamodel for ``metric``, empty if there is none.

    One row per method and size of the training sample; see `charz.metamodels._heldout.report`.
    """
    table = TABLES["metamodel"]
    newest = sa.select(table.c.report).where(table.c.metric == metric)
    rows = store.rows(newest.order_by(table.c.id.desc()).limit(1))
    return list(rows[0]["report"]) if rows else []
