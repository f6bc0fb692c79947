"""How close a recommendation comes with all of a user's rows, for encoders that were not measured.

    python benchmarks/recommend_own.py REGISTRY FOLDER --measure SPEC=NAME --judge NAME=SPEC [...]

``charz recommend`` measures an encoder under MTEB's protocol, and carries what more rows add over
to all others: the column ``own``. Here the encoder SPEC is measured on up to 1,024 rows of each
dataset of the lab on which REGISTRY, one that ``charz import reference`` filled, has the mean
accuracy of the judged encoders at as many rows. Of the judged ones nothing is measured. Beside
``own`` stands ``value``, what they reach on eight rows per class. FOLDER keeps the smaller files.

The shipped metamodel has learned from these datasets, and the record knows some as tasks: errors
on other tasks will be larger.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import lab
import pandas as pd

import charz
from charz.steps import recommend
from charz.warehouse import Warehouse, queryfile

N_TRAIN, N_TEST = 1024, 800
LEAST_EVAL = 500


def main() -> None:
    """Print errors and coverage, over all pairs of a dataset and a judged encoder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("registry")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--measure", required=True)
    parser.add_argument("--judge", nargs="+", required=True)
    given = parser.parse_args()
    judged = dict(pair.split("=", 1) for pair in given.judge)
    with charz.open(given.registry) as store:
        truth = true_means(store, judged)
    rows = []
    for dataset, own in truth.groupby("dataset"):
        files = lab.smaller(str(dataset), N_TRAIN, N_TEST, given.folder)
        rows += of_dataset(files, own, given.measure)
        print(dataset, len(rows), flush=True)
    table = pd.DataFrame(rows)
    table["inside"] = table["truth"].between(table["low"], table["high"])
    for name in ("own", "value"):
        table[f"error of {name}"] = 100 * (table[name] - table["truth"]).abs()
    table["bias of own"] = 100 * (table["own"] - table["truth"])
    columns = ["error of own", "error of value", "bias of own", "inside"]
    means = table.groupby("encoder")[columns].mean()
    means.loc["all"] = table[columns].mean()
    print(means.assign(n=table.groupby("encoder").size()).round(2).to_string())


def true_means(store, judged: dict[str, str]) -> pd.DataFrame:
    """Return ``dataset``, ``encoder`` (the record's name) and ``truth``, at `N_TRAIN` rows."""
    with Warehouse(store) as warehouse:
        cells = warehouse.run(queryfile.read("cell"))
    cells = cells[(cells["probe"] == "logistic") & (cells["protocol"] == "curve")]
    cells = cells[(cells["n_train"] == N_TRAIN) & (cells["n_eval"] >= LEAST_EVAL)]
    names = {spec: name for name, spec in judged.items()}
    cells = cells[cells["encoder"].isin(names)]
    means = cells.groupby(["dataset", "encoder"])["accuracy"].mean().rename("truth").reset_index()
    means["encoder"] = means["encoder"].map(names)
    return means


def of_dataset(files: Path, truth: pd.DataFrame, measure: str) -> list[dict]:
    """Return what is said of each judged encoder beside the truth."""
    found = recommend.recommend(
        train=str(files / "train.jsonl.gz"), eval=str(files / "test.jsonl.gz"),
        measure=[measure], top=1000,
    )  # fmt: skip
    said = pd.DataFrame(found.encoders).set_index("encoder")
    return [
        {"dataset": row.dataset, "encoder": row.encoder, "truth": row.truth,
         "own": said.loc[row.encoder, "own"], "low": said.loc[row.encoder, "own_low"],
         "high": said.loc[row.encoder, "own_high"], "value": said.loc[row.encoder, "value"]}
        for row in truth.itertuples()
    ]  # fmt: skip


if __name__ == "__main__":
    main()
