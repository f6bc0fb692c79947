"""Measure ten datasets under nineteen encoders, and prove that nothing lacks or is done twice.

    CHARZ_LAB_ENCODERS=FOLDER python benchmarks/acceptance.py [--folder F] [--rows N_TRAIN N_TEST]

By the commands that users type: ingest, ``charz update``, ``charz check``, and a second
``charz update`` that must find nothing to do. What each table holds is compared with plain
products of the sizes. Resumable: run it again and it goes on. ``CHARZ_LAB_ENCODERS`` holds
the checkpoints; without it only the encoders that need none are measured. The report goes
to stdout and, for a program, to ``acceptance.json`` in the folder; the exit code is 1 when
something is not as it must be.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import lab

DATASETS = (
    "cola",
    "sst2",
    "mrpc",
    "rte",
    "trec6",
    "emotion",
    "banking77",
    "bbc_news",
    "drug_reviews",
    "uci_amazon",
)
CHECKPOINTS = (
    "all-minilm-l6-v2?layer=0..6&pooling=mean,cls",
    "paraphrase-minilm-l3-v2",
)
ENCODERS = ("static:wordllama", "static:glove", "tfidf:", "random:hash")
_CHARZ = [sys.executable, "-c", "from charz.cli import main; main()"]

Row = dict[str, Any]


def main() -> None:
    """Run the recipe and print its report."""
    given = _arguments()
    given.folder.mkdir(parents=True, exist_ok=True)
    charz = Charz(given.folder)
    datasets = [_dataset(charz, given, name) for name in given.datasets]
    encoders = charz.rows("ingest", "encoder", *_specs())
    charz.rows("subset", "--sizes", _joined(given.sizes), "--seeds", str(given.seeds),
               "--probes", _joined(given.probes))  # fmt: skip
    first = charz.rows("update", "--workers", str(given.workers))
    counts = _compare(charz, _expected(given, datasets, len(encoders)))
    found = [row for row in charz.rows("check", accepted=(0, 3)) if row["rows"]]
    second = charz.rows("update", "--workers", str(given.workers))
    ok = all(row["ok"] for row in counts) and not found and not any(map(_worked, second))
    report = {"counts": counts, "check": found, "first": first, "second": second,
              "seconds": charz.seconds, "ok": ok}  # fmt: skip
    (given.folder / "acceptance.json").write_text(json.dumps(report, indent=2) + "\n")
    _print(report)
    sys.exit(0 if ok else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("acceptance"))
    parser.add_argument("--datasets", nargs="+", default=DATASETS, metavar="NAME")
    parser.add_argument("--sizes", nargs="+", type=int, default=(16, 64, 256, 1024), metavar="N")
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--rows", nargs=2, type=int, default=(2000, 1000),
                        metavar=("N_TRAIN", "N_TEST"), help="the most rows of a split")  # fmt: skip
    parser.add_argument("--probes", nargs="+", metavar="PROBE",
                        default=("logistic", "ridge", "centroid", "knn", "majority"))  # fmt: skip
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


class Charz:
    """The command line on one registry; ``seconds`` adds up what each command took."""

    def __init__(self, folder: Path) -> None:
        home = {"CHARZ_HOME": str(folder / "home"), "CHARZ_REGISTRY": str(folder / "charz.db")}
        self._environment = os.environ | home
        self.seconds: dict[str, float] = {}

    def rows(self, *arguments: str, accepted: tuple[int, ...] = (0,)) -> list[Row]:
        """Run a command that must end well and return its rows; its talk goes to stderr."""
        began = time.monotonic()
        done = subprocess.run(
            [*_CHARZ, *arguments, "--format", "json"],
            env=self._environment, stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode not in accepted:
            sys.exit(f"charz {' '.join(arguments)} ended with {done.returncode}")
        taken = self.seconds.get(arguments[0], 0.0) + time.monotonic() - began
        self.seconds[arguments[0]] = round(taken, 1)
        found: list[Row] = json.loads(done.stdout)
        return found


def _dataset(charz: Charz, given: argparse.Namespace, name: str) -> Row:
    """Ingest a sample of a lab dataset; return what its ingestion says of it."""
    n_train, n_test = given.rows
    into = given.folder / "data" / f"{n_train}-{n_test}"
    path = lab.smaller(name, n_train, n_test, into)
    return charz.rows("ingest", "dataset", str(path), "--group", lab.groups()[name])[0]


def _specs() -> list[str]:
    home = os.environ.get("CHARZ_LAB_ENCODERS")
    return [*(f"st:{home}/{name}" for name in CHECKPOINTS if home), *ENCODERS]


def _joined(values: Any) -> str:
    return ",".join(map(str, values))


def _expected(given: argparse.Namespace, datasets: list[Row], n_encoders: int) -> dict[str, int]:
    """Return how many rows each table must have: products of what was asked for."""
    sizes, seeds, probes = set(given.sizes), given.seeds, set(given.probes)
    n_samples = [seeds * sum(size <= row["n_train"] for size in sizes) for row in datasets]
    samples = n_encoders * sum(n_samples)
    return {
        "encoder": n_encoders,
        "dataset": len(datasets),
        "subset": sum(n_samples) + len(datasets),  # one eval subset each: the whole test split
        "embedding": n_encoders * 2 * len(datasets),
        "result": samples * len(probes),
        "feature_value per feature": samples,
    }


def _compare(charz: Charz, expected: dict[str, int]) -> list[Row]:
    found = []
    for name, wanted in expected.items():
        table, _, per = name.partition(" per ")
        divided = f" / (SELECT count(*) FROM {per})" if per else ""
        sql = f"SELECT count(*){divided} AS n FROM {table}"
        n = charz.rows("query", "--sql", sql)[0]["n"]
        found.append({"rows": name, "expected": wanted, "found": n, "ok": n == wanted})
    return found


def _worked(summary: Row) -> bool:
    return bool(summary["done"] or summary["failed"] or summary["left"])


def _print(report: Row) -> None:
    for row in report["counts"]:
        print(f"{row['rows']:<28}{row['found']:>12,} of {row['expected']:,}")
    for row in report["check"]:
        print(f"check {row['check']}: {row['rows']} rows, e.g. {row['example']}")
    for which in ("first", "second"):
        for row in report[which]:
            ended = f"{row['seconds']:.1f} s, {row['failed']} failed, {row['left']} left"
            print(f"{which} update, {row['step']:<14}{row['done']:>9,} {row['unit']} in {ended}")
    print("seconds per command:", report["seconds"])
    print("as it must be" if report["ok"] else "NOT as it must be")


if __name__ == "__main__":
    main()
