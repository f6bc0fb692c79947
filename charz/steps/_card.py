"""The data card of published figures: what is in them, counted from them, and what is not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

import charz
from charz.steps import _gather, _lean

FORMAT = 1
ROUNDING = {
    "accuracy, cv_accuracy": "exact: the number of rows that were right",
    "chosen": "exact",
    "gap, fit_seconds": f"relative error at most 2^-{_lean.ROUGH + 1}",
    "other metrics, features": f"relative error at most 2^-{_lean.BITS + 1}; whole numbers exact",
}
"""What became of numbers; an accuracy that is no number of rows is rounded like the others."""
_LISTED_GAPS = 20


def card(tables: Mapping[str, pa.Table]) -> dict[str, Any]:
    """Return what is in the figures, as JSON knows it; hashes of files are not among it."""
    rows = {name: tables[name].to_pylist() for name in _gather.CATALOGUE}
    result = tables["result"]
    train = _column(result, "train_subset")
    pairs = Counter(zip(_column(result, "encoder"), _trained_on(rows["subset"], train),
                        strict=True))  # fmt: skip
    return {
        "format": FORMAT,
        "charz": charz.__version__,
        "rounding": ROUNDING,
        "rows": {name: table.num_rows for name, table in tables.items()},
        "values": _n_values(tables["feature_value"]),
        "encoders": _encoders(rows["encoder"], pairs),
        "datasets": _datasets(rows, pairs),
        "protocols": _protocols(rows, train),
        "probes": _probes(rows["probe"], result),
        "features": [row["name"] for row in rows["feature"]],
        "gaps": _gaps(rows, tables, pairs),
    }


Pairs = Counter[tuple[int, str]]
Rows = Mapping[str, list[dict[str, Any]]]


def _column(table: pa.Table, name: str) -> list[int]:
    found: list[int] = table[name].to_pylist()
    return found


def _trained_on(subsets: Sequence[Mapping[str, Any]], codes: Iterable[int]) -> list[str]:
    return [subsets[code]["labels_of"] for code in codes]


def _n_values(wide: pa.Table) -> int:
    return sum(wide.num_rows - wide[name].null_count for name in wide.column_names[3:])


def _encoders(rows: Sequence[Mapping[str, Any]], pairs: Pairs) -> list[dict[str, Any]]:
    counts = Counter[int]()
    for (encoder, _), n in pairs.items():
        counts[encoder] += n
    shown = ("spec", "lineage", "n_dims", "n_parameters", "is_control", "license")
    return [
        {name: row[name] for name in shown} | {"results": counts[code]}
        for code, row in enumerate(rows)
    ]


def _datasets(rows: Rows, pairs: Pairs) -> list[dict[str, Any]]:
    sizes = {(row["dataset"], row["name"]): row["n_rows"] for row in rows["split"]}
    counts = Counter[str]()
    for (_, dataset), n in pairs.items():
        counts[dataset] += n
    shown = ("name", "group_name", "label_family", "task", "language", "n_classes", "license",
             "source")  # fmt: skip
    return [
        {name: row[name] for name in shown}
        | {f"n_{split}": sizes.get((row["name"], split)) for split in ("train", "test")}
        | {"results": counts[row["name"]]}
        for row in rows["dataset"]
    ]


def _protocols(rows: Rows, train: Sequence[int]) -> list[dict[str, Any]]:
    subsets = rows["subset"]
    counts = Counter(subsets[code]["protocol"] for code in train)
    return [
        {
            "name": row["name"],
            "sampler": row["sampler"],
            "parameters": json.loads(row["parameters"]),
            "n_train": sorted({each["n_rows"] for each in subsets if _is_train(each, row)}),
            "seeds": len({each["seed"] for each in subsets if _is_train(each, row)}),
            "results": counts[row["name"]],
        }
        for row in rows["protocol"]
    ]


def _is_train(subset: Mapping[str, Any], protocol: Mapping[str, Any]) -> bool:
    return bool(subset["protocol"] == protocol["name"] and subset["role"] == "train")


def _probes(rows: Sequence[Mapping[str, Any]], result: pa.Table) -> list[dict[str, Any]]:
    counts = Counter(_column(result, "probe"))
    return [
        {"spec": row["spec"], "parameters": json.loads(row["parameters"]), "results": counts[code]}
        for code, row in enumerate(rows)
    ]


def _gaps(rows: Rows, tables: Mapping[str, pa.Table], pairs: Pairs) -> list[str]:
    """Say what one could expect to find and does not."""
    gaps = []
    trained = {row["labels_of"] for row in rows["subset"] if row["role"] == "train"}
    for code, row in enumerate(rows["encoder"]):
        missing = sorted(name for name in trained if not pairs[code, name])
        if missing:
            named = ", ".join(missing[:5]) + (" and others" if len(missing) > 5 else "")
            gaps.append(f"{row['spec']} has no results on {len(missing)} datasets: {named}")
    more = len(gaps) - _LISTED_GAPS
    gaps = gaps[:_LISTED_GAPS] + ([f"{more} more encoders lack datasets"] if more > 0 else [])
    bare = _n_samples(tables["result"]) - tables["feature_value"].num_rows
    if bare:
        gaps.append(f"{bare} samples with results have no features")
    wide = tables["feature_value"]
    lacking = sum(wide[name].null_count > 0 for name in wide.column_names[3:])
    if lacking:
        gaps.append(f"{lacking} features are there for some samples only")
    licenses = sum(row["license"] is None for row in rows["dataset"])
    if licenses:
        gaps.append(f"the licence of {licenses} datasets is not recorded")
    return gaps


def _n_samples(result: pa.Table) -> int:
    cells = np.stack([result[name].to_numpy() for name in _gather.CELL])
    return int(np.unique(cells, axis=1).shape[1])


def markdown(facts: Mapping[str, Any]) -> str:
    """Return a card for people to read, made of nothing but ``facts``."""
    rows = facts["rows"]
    groups = {row["group_name"] for row in facts["datasets"]}
    lineages = {row["lineage"] for row in facts["encoders"]}
    size = sum(entry["bytes"] for entry in facts["files"].values()) / 1e6
    lines = [
        f"{rows['result']:,} results and {facts['values']:,} values of {rows['feature']} features "
        f"about {rows['feature_value']:,} samples, in {size:.1f} MB: {rows['encoder']} encoders of "
        f"{len(lineages)} lineages on {rows['dataset']} datasets of {len(groups)} groups. "
        f"Measured with charz {facts['charz']}.",
        "",
        "Figures alone: no text, no embedding and no list of a subset's rows is in it. The "
        "licences below are those of the encoders and datasets themselves, which are not given on.",
        *_section("Numbers", [{"column": k, "kept": v} for k, v in facts["rounding"].items()]),
        *_section("Protocols", facts["protocols"]),
        *_section("Probes", facts["probes"]),
        *_section("Encoders", facts["encoders"]),
        *_section("Datasets", facts["datasets"]),
        "",
        "### Features",
        "",
        ", ".join(f"`{name}`" for name in facts["features"]) or "None.",
        "",
        "### Known gaps",
        "",
        *([f"- {gap}" for gap in facts["gaps"]] or ["None."]),
        *_section("Files", [{"file": k} | v for k, v in facts["files"].items()]),
    ]
    return "\n".join(lines) + "\n"


def _section(title: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    names = list(rows[0]) if rows else []
    table = [names, ["---"] * len(names), *([_cell(row[name]) for name in names] for row in rows)]
    return ["", f"### {title}", "", *("| " + " | ".join(cells) + " |" for cells in table)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True).replace("|", "\\|")
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
