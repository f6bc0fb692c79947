"""Gather the figures of a registry: what was measured, without what it was measured on.

Rows refer to one another by their place in the table that they name, which is the order of
natural keys; so registries with the same rows give the same tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from charz.errors import InputError
from charz.schema import TABLES
from charz.steps import _lean, _public
from charz.steps import _portable as portable
from charz.store import Store
from charz.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd

    from charz.records import Ints

ORIGINS = ("measured", "reference")
"""What is given on: published results of others are not ours to publish."""
CATALOGUE = ("encoder", "dataset", "split", "protocol", "probe", "subset", "feature")
TABLES_OF = (*CATALOGUE, "result", "feature_value")
"""The tables that are gathered, referenced ones first."""
SHARES = {"accuracy": "n_eval", "cv_accuracy": "n_train"}
"""Metrics that are a whole number of rows out of those of a subset."""
METRICS = ("balanced_accuracy", "macro_f1", "log_loss", "brier", "ece", "auroc", "cv_log_loss")
ROUGH = ("gap", "fit_seconds")
CELL = ("encoder", "train_subset", "eval_subset")

_LEFT_OUT = {
    "id", "run", "created_at", "examples_hash", "members_hash", "parent_id", "base_id", "sizes",
    "released", "is_open", "languages", "trained_on", "domains", "mean_chars",
}  # fmt: skip
"""What stays behind: the machine's own, and facts that only public records state."""
_RESULTS = f"""
    SELECT encoder_id, train_subset_id, eval_subset_id, probe_id,
           {", ".join((*SHARES, *METRICS, *ROUGH))}, chosen, n_train, n_eval
    FROM result AS r
    ANTI JOIN subset AS t ON t.id = r.train_subset_id AND t.base_id IS NOT NULL
    WHERE origin IN {ORIGINS}
"""  # noqa: S608 - names of ours
_VALUES = f"""
    SELECT v.encoder_id, v.train_subset_id, v.eval_subset_id, v.feature_id, v.value
    FROM feature_value AS v
    SEMI JOIN result AS r
        ON r.encoder_id = v.encoder_id
        AND r.train_subset_id = v.train_subset_id
        AND r.eval_subset_id = v.eval_subset_id
        AND r.origin IN {ORIGINS}
"""  # noqa: S608 - names of ours


@cache
def fields(table: str) -> tuple[portable.Field, ...]:
    """Return the columns of a catalogue table as they are published.

    >>> [each.name for each in fields("protocol")]
    ['name', 'sampler', 'parameters', 'n_seeds', 'eval_sizes']
    """
    return tuple(each for each in portable.fields(table) if each.name not in _LEFT_OUT)


def schema(table: str, features: Iterable[str] = ()) -> pa.Schema:
    """Return the types of a table's file; ``features`` are the columns of the wide one."""
    if table in CATALOGUE:
        typed = {each.name: each.type for each in fields(table)}
    else:
        typed = dict.fromkeys(CELL, pa.int32())
        if table == "result":
            typed["probe"] = pa.int32()
            typed |= {f"{name}_count": pa.int32() for name in SHARES}
            typed |= dict.fromkeys((*SHARES, *METRICS, *ROUGH), pa.float32())
            typed["chosen"] = pa.float64()
        else:
            typed |= dict.fromkeys(features, pa.float32())
    return pa.schema(list(typed.items()))


def gather(store: Store, public: Mapping[str, str]) -> dict[str, pa.Table]:
    """Return the figures of a registry by table.

    Parameters
    ----------
    store : Store
    public : mapping
        Public names of encoders by local ones, see `charz.steps._public.encoder`.

    Raises
    ------
    InputError
        When nothing was measured, a name is a path, two encoders get one name, or results
        are of other sizes than their subsets.
    """
    with Warehouse(store) as warehouse:
        results, values = warehouse.run(_RESULTS), warehouse.run(_VALUES)
    if results.empty:
        raise InputError("the registry has no results of its own", "run 'charz update'")
    gathered = _Gathered(store, public)
    tables = gathered.catalogue(results, values)
    return tables | {
        "result": _results(gathered, results),
        "feature_value": _wide(gathered, values, tables["feature"]["name"].to_pylist()),
    }


@dataclass
class _Gathered:
    """Catalogue rows on their way out: ``codes`` and ``called`` by table and id."""

    store: Store
    public: Mapping[str, str]
    codes: dict[str, dict[int, int]] = field(default_factory=dict)
    called: dict[str, dict[int, Any]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def catalogue(self, results: pd.DataFrame, values: pd.DataFrame) -> dict[str, pa.Table]:
        """Return what the results and values speak of."""
        used = {*results["train_subset_id"], *results["eval_subset_id"]}
        subsets = [row for row in self._all("subset") if row["id"] in used]
        splits = {row["id"]: row["dataset_id"] for row in self._all("split")}
        datasets = {row["labels_of_id"] for row in subsets}
        datasets |= {splits[row["split_id"]] for row in subsets}
        kept = {
            "encoder": set(results["encoder_id"]),
            "dataset": datasets,
            "split": {key for key, dataset in splits.items() if dataset in datasets},
            "protocol": {row["protocol_id"] for row in subsets},
            "probe": set(results["probe_id"]),
            "subset": used,
            "feature": set(values["feature_id"]),
        }
        return {table: self._take(table, kept[table]) for table in CATALOGUE}

    def _all(self, table: str) -> list[Any]:
        return self.store.rows(sa.select(TABLES[table]))

    def _take(self, table: str, ids: set[int]) -> pa.Table:
        """Give the rows of a table their places and return them as they are published."""
        rows = [dict(row) for row in self._all(table) if row["id"] in ids]
        if table == "encoder":
            rows = [_public.encoder(row, self.public) for row in rows]
        keyed = sorted(((self._key(table, row), row) for row in rows), key=lambda pair: pair[0])
        for (before, row), (after, other) in pairwise(keyed):
            if before == after:
                raise InputError(
                    f"two rows of {table} would both be {before[0]}: {row['id']} and {other['id']}",
                    "give them different public names",
                )
        self.rows[table] = [row for _, row in keyed]
        self.codes[table] = {row["id"]: place for place, (_, row) in enumerate(keyed)}
        self.called[table] = {row["id"]: key for key, row in keyed}
        packed = [self._packed(table, row) for row in self.rows[table]]
        return pa.Table.from_pylist(packed, schema(table))

    def _key(self, table: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what a row is known by outside, in an order of its own."""
        if table == "split":
            return (*self.called["dataset"][row["dataset_id"]], row["name"])
        if table == "subset":
            return (
                *self.called["protocol"][row["protocol_id"]],
                *self.called["dataset"][row["labels_of_id"]],
                row["role"] != "train",
                *self.called["split"][row["split_id"]],
                row["seed"],
                row["n_rows"],
            )
        return (row["spec" if table in ("encoder", "probe") else "name"],)

    def _packed(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        out = {}
        for each in fields(table):
            value = row[each.column.name]
            if each.refers is None:
                out[each.name] = each.packed(value)
            elif portable.is_named(each.refers):
                (out[each.name],) = self.called[each.refers][value]
            else:
                out[each.name] = self.codes[each.refers][value]
        _public.refuse_paths(table, {each.column.name: row[each.column.name]
                                     for each in fields(table) if each.refers is None})  # fmt: skip
        return out

    def places(self, frame: pd.DataFrame) -> dict[str, Ints]:
        """Return the codes of the columns that name rows."""
        tables = {"encoder": "encoder", "train_subset": "subset", "eval_subset": "subset",
                  "probe": "probe", "feature": "feature"}  # fmt: skip
        return {
            name: frame[f"{name}_id"].map(self.codes[table]).to_numpy(dtype=np.int64)
            for name, table in tables.items()
            if f"{name}_id" in frame
        }

    def n_rows(self, subsets: Ints) -> Ints:
        """Return the sizes of subsets by their codes."""
        sizes: Ints = np.array([row["n_rows"] for row in self.rows["subset"]], dtype=np.int64)
        return sizes[subsets]


def _results(gathered: _Gathered, frame: pd.DataFrame) -> pa.Table:
    places = gathered.places(frame)
    totals = {
        "n_train": gathered.n_rows(places["train_subset"]),
        "n_eval": gathered.n_rows(places["eval_subset"]),
    }
    for name, sizes in totals.items():
        if not np.array_equal(sizes, frame[name]):
            raise InputError(f"results have another {name} than their subsets", "run 'charz check'")
    columns: dict[str, pa.Array] = {
        name: pa.array(codes, pa.int32()) for name, codes in places.items()
    }
    for name, total in SHARES.items():
        counts = _lean.counted(frame[name], totals[total])
        columns[f"{name}_count"] = pa.array(counts, pa.int32(), mask=counts < 0)
        rest = _lean.rounded(np.where(counts < 0, frame[name], np.nan))
        columns[name] = pa.array(rest, mask=np.isnan(rest))
    for name in (*METRICS, *ROUGH):
        figures = _lean.rounded(frame[name], _lean.ROUGH if name in ROUGH else _lean.BITS)
        columns[name] = pa.array(figures, mask=np.isnan(figures))
    chosen = frame["chosen"].to_numpy(dtype=np.float64)
    columns["chosen"] = pa.array(chosen, mask=np.isnan(chosen))
    order = ("probe", "train_subset", "eval_subset", "encoder")
    table = pa.table(columns).sort_by([(name, "ascending") for name in order])
    return table.select(schema("result").names)


def _wide(gathered: _Gathered, frame: pd.DataFrame, features: list[str]) -> pa.Table:
    """Return one row per sample and one column per feature.

    Not-a-number stands for a value that is not defined, null for one that was not computed.
    """
    places = gathered.places(frame)
    n_encoders, n_subsets = (len(gathered.codes[name]) for name in ("encoder", "subset"))
    keys = (places["train_subset"] * n_subsets + places["eval_subset"]) * n_encoders
    samples, rows = np.unique(keys + places["encoder"], return_inverse=True)
    matrix = np.full((len(features), len(samples)), np.nan, dtype=np.float32)
    computed = np.zeros(matrix.shape, dtype=bool)
    matrix[places["feature"], rows] = _lean.rounded(frame["value"])
    computed[places["feature"], rows] = True
    pairs = samples // n_encoders
    codes = (samples % n_encoders, pairs // n_subsets, pairs % n_subsets)
    columns = {name: pa.array(each, pa.int32()) for name, each in zip(CELL, codes, strict=True)}
    columns |= {
        name: pa.array(values, mask=~there)
        for name, values, there in zip(features, matrix, computed, strict=True)
    }
    return pa.table(columns)
