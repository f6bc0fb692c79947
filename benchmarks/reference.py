"""Measure a reference registry on the lab's datasets and fit the metamodel that charz ships.

    python benchmarks/reference.py FOLDER [--ship]

Resumable: what is measured already is not measured again. ``--ship`` writes the fitted
metamodels (figures only, never a text) to ``charz/metamodels/shipped/``. They are fitted
without the quickstart's corpora and the encoder that it predicts for, so that its question is
new to them.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import lab
import numpy as np

import charz
from charz import paths
from charz.cli import _progress
from charz.metamodels import _bundle
from charz.steps import fit, ingest, predict, subset, update
from charz.store import Store

STATIC = (
    "static:wordllama?dims=64,128,256",
    "static:glove",
    "tfidf:",
    "tfidf:?analyzer=char",
    "random:hash",
)
CHECKPOINTS = ("splade-tiny",)
UNSEEN: dict[str, tuple[str, ...]] = {
    "without_groups": ("bbc_news", "drug_reviews"),
    "without_lineages": ("wordllama-l2-supercat",),
}
METRICS = ("accuracy", "macro_f1", "log_loss")


def main() -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--n-train", type=int, default=700, help="training rows per dataset")
    parser.add_argument("--n-test", type=int, default=500, help="eval rows per dataset")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--ship", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with charz.open(str(given.folder / "reference.db"), create=True) as store:
        with store.run("benchmarks/reference", {"n_train": given.n_train}):
            _measure(store, given)
        if given.ship:
            _ship(store)


def _measure(store: Store, given: argparse.Namespace) -> None:
    groups = lab.groups()
    for name in lab.names():
        if store.row("dataset", name=name) is None:
            path = lab.smaller(name, given.n_train, given.n_test, given.folder / "data")
            ingest.dataset(store, str(path), group=groups[name])
    for spec in (*STATIC, *_checkpoints()):
        ingest.encoder(store, spec)
    sizes = [16, 32, 64, 128, 256, 512]
    subset.protocol(store, sizes=sizes, n_seeds=2, probes=["logistic"])
    subset.protocol(
        store, "shift", sampler="shifted", sizes=[64, 256], n_seeds=1, probes=["logistic"]
    )
    with _progress.shown() as progress:
        update.run(store, workers=given.workers, progress=progress)


def _checkpoints() -> list[str]:
    home = os.environ.get("CHARZ_LAB_ENCODERS")
    return [f"st:{home}/{name}" for name in CHECKPOINTS] if home else []


def _ship(store: Store) -> None:
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


if __name__ == "__main__":
    main()
