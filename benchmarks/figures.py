"""Size and speed of figures: a registry of made-up numbers, exported and imported.

    python benchmarks/figures.py [--encoders 60] [--datasets 98] [--features 110] [--probes 12]

The numbers are noise around a plane, with every bit random: real ones, among which many
repeat, take less. Each sample is one encoder on one of nine subsets of a dataset.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

import charz
from charz.steps import figures, fit
from charz.store import Store, Writer

SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
N_EVAL = 1000


def main() -> None:
    """Fill, export, import, import again and read the training table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("encoders", 60), ("datasets", 98), ("features", 110), ("probes", 12)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with charz.open(str(folder / "source.db"), create=True) as store:
            _timed("fill", _fill, store, given)
            _timed("export", figures.export, store, folder / "figures")
        sizes = {path.name: path.stat().st_size for path in (folder / "figures").iterdir()}
        for path, size in sorted(sizes.items(), key=lambda pair: -pair[1])[:3]:
            print(f"{path}: {size / 1e6:.2f} MB")
        print(f"all files: {sum(sizes.values()) / 1e6:.2f} MB")
        with charz.open(str(folder / "target.db"), create=True) as store:
            _timed("import", figures.load, store, folder / "figures")
            _timed("import again", figures.load, store, folder / "figures")
            table = _timed("training table", fit.read, store, "accuracy")
            print(f"training rows after thinning: {len(table.target)}")


def _timed(what: str, function, *arguments):
    start = time.monotonic()
    found = function(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what}: {time.monotonic() - start:.1f} s, peak so far {peak:,.0f} MiB", flush=True)
    return found


def _fill(store: Store, given: argparse.Namespace) -> None:
    chance = np.random.default_rng(0)
    with store.write() as writer:
        _catalogue(writer, given)
        n_samples = given.encoders * given.datasets * len(SIZES)
        encoder, dataset, size = (
            each.ravel()
            for each in np.meshgrid(
                np.arange(given.encoders), np.arange(given.datasets), np.arange(len(SIZES)),
                indexing="ij",
            )
        )  # fmt: skip
        skill = (
            chance.normal(size=given.encoders)[encoder]
            + chance.normal(size=given.datasets)[dataset]
        )
        skill += 0.4 * size - 1
        cells = (encoder + 1, dataset * 10 + size + 1, dataset * 10 + 10)
        for probe in range(given.probes):
            _results(writer, chance, cells, size, skill, probe + 1)
        values = skill[:, None] * chance.normal(size=given.features)
        values += chance.normal(size=(n_samples, given.features))
        for start in range(0, n_samples, 1000):
            _values(writer, cells, values, slice(start, start + 1000))


def _results(writer: Writer, chance, cells, size, skill, probe: int) -> None:
    p = 1 / (1 + np.exp(-skill - 0.1 * probe - 0.3 * chance.normal(size=len(skill))))
    n_train = np.array(SIZES)[size]
    columns = {
        "encoder_id": cells[0], "train_subset_id": cells[1], "eval_subset_id": cells[2],
        "probe_id": np.full(len(p), probe),
        "accuracy": chance.binomial(N_EVAL, p) / N_EVAL,
        "cv_accuracy": chance.binomial(n_train, p) / n_train,
        "n_train": n_train, "n_eval": np.full(len(p), N_EVAL),
        "chosen": 10.0 ** chance.integers(-2, 4, size=len(p)),
        "gap": 10.0 ** chance.uniform(-8, -6, size=len(p)),
        "fit_seconds": np.exp(chance.normal(size=len(p))),
    }  # fmt: skip
    for name in ("balanced_accuracy", "macro_f1", "brier", "ece", "auroc"):
        columns[name] = np.clip(p + 0.05 * chance.normal(size=len(p)), 0, 1)
    for name in ("log_loss", "cv_log_loss"):
        columns[name] = -np.log(p) * np.exp(0.1 * chance.normal(size=len(p)))
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    writer.pour("result", (*columns, "origin"), [(*row, "measured") for row in rows])


def _values(writer: Writer, cells, values, part: slice) -> None:
    here = values[part]
    row, column = np.nonzero(np.ones(here.shape, dtype=bool))
    lists = [each[part][row].tolist() for each in cells]
    lists += [(column + 1).tolist(), here[row, column].tolist()]
    names = ("encoder_id", "train_subset_id", "eval_subset_id", "feature_id", "value")
    writer.pour("feature_value", names, list(zip(*lists, strict=True)))


def _catalogue(writer: Writer, given: argparse.Namespace) -> None:
    facts = {"is_normalized": False, "is_fitted": False, "is_control": False, "extra": {}}
    writer.put("encoder", [
        facts | {"id": n + 1, "spec": f"st:org/m{n // 4}?layer={n % 4}", "kind": "st",
                 "name": f"org/m{n // 4}", "lineage": f"m{n // 4}", "fingerprint": f"{n:064d}"}
        for n in range(given.encoders)
    ])  # fmt: skip
    writer.put("dataset", [
        {"id": n + 1, "name": f"d{n}", "fingerprint": f"{n:064d}", "source": f"org/d{n}",
         "group_name": f"d{n}", "n_classes": 2, "classes": ["a", "b"], "is_pair": False,
         "extra": {}}
        for n in range(given.datasets)
    ])  # fmt: skip
    writer.put("split", [
        {"id": 2 * n + k + 1, "dataset_id": n + 1, "name": name, "n_rows": rows,
         "class_counts": [rows // 2, rows // 2]}
        for n in range(given.datasets)
        for k, (name, rows) in enumerate((("train", SIZES[-1]), ("test", N_EVAL)))
    ])  # fmt: skip
    writer.put("protocol", [
        {"id": 1, "name": "curve", "sampler": "random", "parameters": {}, "sizes": list(SIZES),
         "n_seeds": 1, "eval_sizes": [None]}
    ])  # fmt: skip
    writer.put("subset", [
        {"id": 10 * n + k + 1, "protocol_id": 1, "split_id": 2 * n + 1 + (k == len(SIZES)),
         "labels_of_id": n + 1, "role": "eval" if k == len(SIZES) else "train", "n_rows": rows,
         "seed": 0, "class_counts": [rows // 2, rows // 2]}
        for n in range(given.datasets) for k, rows in enumerate((*SIZES, N_EVAL))
    ])  # fmt: skip
    specs = ["logistic", *(f"knn?k=[{n}]" for n in range(1, given.probes))]
    writer.put("probe", [
        {"id": n + 1, "spec": spec, "name": spec.partition("?")[0], "parameters": {}}
        for n, spec in enumerate(specs)
    ])  # fmt: skip
    writer.put("feature", [
        {"id": n + 1, "name": f"f{n:03}", "item": f"f{n:03}", "kind": "feature"}
        for n in range(given.features)
    ])  # fmt: skip


if __name__ == "__main__":
    main()
