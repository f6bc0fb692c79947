"""Put a measured registry's figures and metamodels into the package, its card into the documents.

    python benchmarks/ship.py REGISTRY --metamodels
    python benchmarks/ship.py REGISTRY --figures
    python benchmarks/ship.py RECORD --record

The first fits ``charz/metamodels/shipped/`` anew, without the quickstart's corpora and the encoder
that it predicts for, so that its question is new to them. The second writes ``charz/reference/``
and the card in ``docs/reference.md``. The third takes a folder of MTEB's results as tables and
writes what charz uses of it to ``charz/reference/mteb/``. Each leaves what the others wrote.
Encoders measured from folders are named as their makers publish them, or else by the folder's
last part. Nothing that ships holds a text.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path, PurePath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

import charz
from charz import paths, published
from charz.metamodels import _bundle
from charz.published import _tables
from charz.schema import Encoder
from charz.steps import _card, figures, fit, predict
from charz.store import Store

MOST = 25e6
"""Bytes that the figures may take."""
PUBLIC = {
    "all-minilm-l6-v2": "sentence-transformers/all-MiniLM-L6-v2",
    "all-mpnet-base-v2": "sentence-transformers/all-mpnet-base-v2",
    "minilm-int8": "sentence-transformers/all-MiniLM-L6-v2-int8",
    "multilingual-e5-small-q4": "intfloat/multilingual-e5-small-q4",
    "paraphrase-minilm-l3-v2": "sentence-transformers/paraphrase-MiniLM-L3-v2",
    "smollm2-135m-instruct-q4": "HuggingFaceTB/SmolLM2-135M-Instruct-q4",
}
"""What the makers of checkpoints call them, by folder."""
UNSEEN: dict[str, tuple[str, ...]] = {
    "without_groups": ("bbc_news", "drug_reviews"),
    "without_lineages": ("wordllama-l2-supercat",),
}
METRICS = ("accuracy", "macro_f1", "log_loss")
PAGE = paths.PACKAGE.parent / "docs" / "reference.md"
FIRST, LAST = "<!-- card -->\n", "<!-- /card -->"


def main() -> None:
    """Export, measure the size, and put the files in their places."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("registry", help="SQLite file or database URL, or the record's folder")
    parser.add_argument("--metamodels", action="store_true")
    parser.add_argument("--figures", action="store_true")
    parser.add_argument("--record", action="store_true")
    given = parser.parse_args()
    if given.metamodels:
        with charz.open(given.registry) as store:
            _metamodels(store)
    if given.figures:
        _figures(given.registry)
    if given.record:
        _record(Path(given.registry))


def _metamodels(store: Store) -> None:
    shipped = paths.PACKAGE / "metamodels" / "shipped"
    shipped.mkdir(exist_ok=True)
    for metric in METRICS:
        print(fit.run(store, metric=metric, **UNSEEN))
        bundle = predict.newest(store, metric)
        if bundle is not None:
            np.savez_compressed(shipped / f"{metric}.npz", **_lighter(_bundle.to_arrays(bundle)))


def _lighter(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Keep the forests' numbers in single precision: half the bytes, the same forecasts."""
    forest = (".tree_threshold", ".tree_value")
    return {
        name: array.astype(np.float32) if name.endswith(forest) else array
        for name, array in arrays.items()
    }


def _figures(registry: str) -> None:
    with tempfile.TemporaryDirectory() as folder, charz.open(registry) as store:
        made = Path(folder) / "reference"
        print(figures.export(store, made, public=_public(store)))
        size = sum(path.stat().st_size for path in made.iterdir())
        if size > MOST:
            raise SystemExit(f"the figures take {size / 1e6:.1f} MB, more than {MOST / 1e6:.0f}")
        place = paths.PACKAGE / "reference"
        for file in made.iterdir():
            shutil.copy(file, place / file.name)
    _show(json.loads((place / figures.CARD).read_text(encoding="utf-8")))
    print(f"{size / 1e6:.1f} MB in {place}")


def _record(folder: Path) -> None:
    """Write the lines, tasks and encoders of a record that charz uses, as tables of its layout."""
    reading = published.read(folder)
    tables = {name: pq.read_table(folder / f"{name}.parquet") for name in _tables.COLUMNS}
    lines = reading.lines
    used = {task.task for task in reading.tasks.values()}
    kept = {
        "results": pa.table(
            {
                "model": pa.array(lines["model"]),
                "revision": pa.array(lines["revision"]),
                "task": pa.array([reading.tasks[name].task for name in lines["dataset"]]),
                "dataset_revision": pa.array(lines["dataset_revision"], from_pandas=True),
                "mteb_version": pa.array(lines["version"], from_pandas=True),
                "split": pa.array([reading.tasks[name].split for name in lines["dataset"]]),
                "subset": pa.array([reading.tasks[name].subset for name in lines["dataset"]]),
                "accuracy": pa.array(lines["accuracy"], pa.float32()),
                "f1": pa.array(lines["macro_f1"], pa.float32(), from_pandas=True),
                "accuracy_per_experiment": pa.array(lines["draws"], pa.list_(pa.float32())),
                "f1_per_experiment": pa.array(
                    [np.array([]) if np.isnan(f1).any() else f1 for f1 in lines["f1_draws"]],
                    pa.list_(pa.float32()),
                ),
            }
        ),
        "tasks": tables["tasks"].filter(pc.field("task").isin(sorted(used))),
        "encoders": tables["encoders"],
    }
    place = paths.PACKAGE / "reference" / "mteb"
    place.mkdir(parents=True, exist_ok=True)
    for name, table in kept.items():
        columns = list(_tables.COLUMNS[name])
        pq.write_table(
            table.select(columns), place / f"{name}.parquet", compression="zstd",
            compression_level=19, write_statistics=False, row_group_size=max(1, len(table)),
        )  # fmt: skip
    size = sum(file.stat().st_size for file in place.iterdir())
    print(f"{len(lines):,} lines, {size / 1e6:.1f} MB in {place}")


def _public(store: Store) -> dict[str, str]:
    """Return a public name for every encoder that is named by an absolute folder."""
    names = [
        PurePath(row["name"].removeprefix("st/")) for row in store.rows(sa.select(Encoder.name))
    ]
    return {place.name: place.name for place in names if place.is_absolute()} | PUBLIC


def _show(facts: dict) -> None:
    """Write the card into its document."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(FIRST)
    after = rest.partition(LAST)[2]
    PAGE.write_text(before + FIRST + _card.markdown(facts) + LAST + after, encoding="utf-8")


if __name__ == "__main__":
    main()
