"""Fit: a metamodel from results and features.

Reads the training table, one SQL query; writes a metamodel row, its arrays and its held-out
report. Fitting again on the same rows changes nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from charz import metrics, paths
from charz.errors import InputError, UnknownNameError
from charz.metamodels import _bundle
from charz.metamodels._bundle import Table
from charz.records import Progress, Silence, Summary
from charz.schema import TABLES
from charz.store import Store
from charz.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("accuracy", "macro_f1", "log_loss")
_KEY = ("encoder", "dataset", "eval_dataset", "protocol", "seed", "n_train", "n_target", "n_eval")
_PREFIX = "x_"
REACH = 16
"""How many times larger than the sample a target size may be."""
MOST_ROWS = 48_000
"""Rows beyond this are thinned, evenly over groups and what they ask: the score of the same domain,
of another, or at a larger size."""


def run(
    store: Store,
    *,
    metric: str = "accuracy",
    item: str = "mixture",
    without_groups: Sequence[str] = (),
    without_lineages: Sequence[str] = (),
    progress: Progress | None = None,
) -> Summary:
    """Fit a metamodel on all that was measured and judge it on groups held out.

    Parameters
    ----------
    metric : {"accuracy", "macro_f1", "log_loss"}
    item : str
        A name on the metamodels shelf.
    without_groups, without_lineages : sequences of str
        Dataset groups and encoder lineages that it must not see, so that it can be tried
        on them.

    Raises
    ------
    UnknownNameError
        When the metric, the metamodel, a group or a lineage is unknown.
    InputError
        When no measured sample has features yet, or holding out leaves none.
    """
    if metric not in METRICS or metric not in metrics.NAMES:
        raise UnknownNameError.among("metric to predict", metric, METRICS)
    progress = progress or Silence()
    progress.start("fit", 1, "metamodels")
    began = time.monotonic()
    table = read(store, metric, without_groups=without_groups, without_lineages=without_lineages)
    there = store.row("metamodel", item=item, metric=metric, training_fingerprint=table.fingerprint)
    if there is not None and store.artifacts.has(there["arrays_hash"], ".npz"):
        return Summary("fit", seconds=time.monotonic() - began, unit="metamodels")
    _write(store, item, metric, table)
    progress.advance(1, f"{item} on {len(table.target)} rows")
    return Summary("fit", done=1, seconds=time.monotonic() - began, unit="metamodels")


def read(
    store: Store,
    metric: str,
    *,
    without_groups: Sequence[str] = (),
    without_lineages: Sequence[str] = (),
    reach: float = REACH,
    most_rows: int = MOST_ROWS,
    apart: Sequence[str] = _KEY,
) -> Table:
    """Read the training table for one metric, without the rows that are held out.

    A row goes when its training or its eval dataset is of a group held out, or its encoder
    of a lineage held out.

    Parameters
    ----------
    reach : float
        How many times larger than the sample a target size may be.
    most_rows : int
        Rows beyond this are thinned, evenly over groups and what they ask.
    apart : sequence of str
        What tells rows apart when they are thinned: rows alike in all these stay together.

    Raises
    ------
    InputError
        When it is empty.
    UnknownNameError
        When a group or lineage to hold out is not in it.
    """
    with Warehouse(store) as warehouse:
        query = (paths.queries() / "training_table.sql").read_text()
        table = warehouse.run(query, {"reach": reach})
    table = table[table[metric].notna()].reset_index(drop=True)
    names = [name for name in table.columns if name.startswith(_PREFIX)]
    if table.empty or not names:
        raise InputError(
            "no measured sample has features yet", "run 'charz probe' and 'charz characterize'"
        )
    table = _without(table, "dataset group", ("group_name", "eval_group"), without_groups)
    table = _without(table, "encoder lineage", ("lineage",), without_lineages)
    table = _thinned(table, most_rows, apart)
    digest = hashlib.sha256(table[[*_KEY, metric, *names]].to_csv(index=False).encode())
    features = table[names].rename(columns=lambda name: name.removeprefix(_PREFIX))
    return Table(
        features=features.assign(
            n_target=table["n_target"],
            _is_shift=(table["eval_group"] != table["group_name"]).astype(float),
        ),
        target=table[metric].to_numpy(dtype=float),
        groups=table["eval_group"].to_numpy(),
        sources=table["group_name"].to_numpy(),
        lineages=table["lineage"].to_numpy(),
        fingerprint=digest.hexdigest(),
        keys=table[[*_KEY, "eval_seed"]],
        metric=metric,
    )


def _thinned(table: pd.DataFrame, most_rows: int, apart: Sequence[str]) -> pd.DataFrame:
    """Return at most ``most_rows`` rows, chosen by a hash of what they are."""
    import pandas as pd

    if len(table) <= most_rows:
        return table
    order = pd.DataFrame(
        {
            "group": table["eval_group"],
            "is_shift": table["eval_group"] != table["group_name"],
            "is_ahead": table["n_target"] > table["n_train"],
            "hash": pd.util.hash_pandas_object(table[list(apart)], index=False),
        }
    ).sort_values("hash", kind="stable")
    rank = order.groupby(["group", "is_shift", "is_ahead"]).cumcount()
    kept = rank.sort_values(kind="stable").index[:most_rows]
    return table.loc[sorted(kept)].reset_index(drop=True)


def _without(
    table: pd.DataFrame, what: str, columns: Sequence[str], names: Sequence[str]
) -> pd.DataFrame:
    """Return the rows whose columns hold none of the names."""
    known = set(table[list(columns)].to_numpy().ravel())
    for name in names:
        if name not in known:
            raise UnknownNameError.among(what, name, known)
    kept = table[~table[list(columns)].isin(list(names)).any(axis=1)].reset_index(drop=True)
    if kept.empty:
        raise InputError(f"holding out every {what} leaves nothing", "hold out fewer")
    return kept


def _write(store: Store, item: str, metric: str, table: Table) -> None:
    import sklearn.ensemble  # noqa: F401 - what is to be held must be loaded
    import threadpoolctl

    # Trees on a few thousand rows: threads beyond one only wait for each other.
    with threadpoolctl.threadpool_limits(1):
        bundle, report = _bundle.fit(item, metric, table)
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
        row |= {"arrays_hash": writer.artifact(stored)}
        writer.put("metamodel", [row], update=("arrays_hash", "report"))


def report(store: Store, metric: str = "accuracy") -> list[dict[str, Any]]:
    """Return the held-out report of the newest metamodel for ``metric``, empty if there is none.

    One row per method and size of the training sample; see `charz.metamodels._heldout.report`.
    """
    table = TABLES["metamodel"]
    newest = sa.select(table.c.report).where(table.c.metric == metric)
    rows = store.rows(newest.order_by(table.c.id.desc()).limit(1))
    return list(rows[0]["report"]) if rows else []
