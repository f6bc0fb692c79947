"""MTEB's protocol run here, beside what the public record says of the same encoders and tasks.

    python benchmarks/mteb_local.py RECORD NAME=SPEC [NAME=SPEC ...] [--tasks emotion ...]
                                    [--to FILE]

RECORD is a folder with ``results.parquet`` and ``tasks.parquet``; NAME is what the record calls
the encoder, SPEC how it is loaded here. On every dataset of the lab that is a task of the record
it draws with the sampler ``mteb``, embeds the rows drawn and the eval rows, runs the probe
``mteb``, and writes a Markdown table: both means over the draws, their difference and its standard
error in points, and whether it is within 2.5 standard errors plus half a point.

The lab's training splits are subsamples in another order, so the draws are others than the
record's: both means vary, independently, and the error of their difference is that of two means
of ten draws. Where a split has the published rows in the published order, draws are the same, and
the difference is that of the embeddings alone; the column ``draws`` says which it is.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import lab
import numpy as np
import pandas as pd
from vectors import rows

from charz import shelf
from charz.metrics import accuracy
from charz.probes import mteb as probe
from charz.records import EncoderSpec
from charz.samplers import mteb as sampler

TASKS = ("banking77", "emotion", "massive_intent_en", "massive_scenario_en")
N_DRAWS = 10
ERRORS, POINTS = 2.5, 0.5
"""A difference is explained within so many standard errors plus so many points."""


@dataclass(frozen=True)
class Task:
    """A dataset of the lab as the record knows it; accuracies are shares."""

    dataset: str
    name: str
    subset: str
    n_per_class: int
    n_train: int

    @property
    def rows(self) -> tuple[list[dict], list[dict]]:
        """The train and the test rows."""
        return rows(self.dataset, "train"), rows(self.dataset, "test")


def task(dataset: str, known: pd.DataFrame) -> Task:
    """Return what the record says of the task that a dataset is."""
    meta = json.loads((lab.folder() / "data" / dataset / "meta.json").read_text())
    name, _, subset = meta["mteb_task"].removesuffix(")").partition(" (")
    subset = subset or "default"
    train = known[(known["task"] == name) & (known["subset"] == subset)]
    train = train[train["split"] == train["train_split"]].iloc[0]
    n_train = int(train["n_examples"])
    return Task(dataset, name, subset, int(train["samples_per_label"]), n_train)


def local(spec: str, chosen: Task) -> np.ndarray:
    """Return the accuracy of each draw, (N_DRAWS,)."""
    train, test = chosen.rows
    labels = sorted({row["label"] for row in train})
    code = {label: place for place, label in enumerate(labels)}
    y = np.array([code[row["label"]] for row in train])
    n = sampler.n_rows(y, len(labels), chosen.n_per_class)
    draws = [sampler.draw(y, len(labels), seed).head(n) for seed in range(N_DRAWS)]
    drawn = np.unique(np.concatenate([draw.rows for draw in draws]))
    parsed = EncoderSpec.parse(spec)
    loaded = shelf.load("encoders", parsed.kind).load([parsed])
    (X,) = loaded.encode([train[row]["text"] for row in drawn])
    (E,) = loaded.encode([row["text"] for row in test])
    pool = np.full((len(train), X.shape[1]), np.nan, dtype=np.float32)
    pool[drawn] = X
    truth = np.array([code[row["label"]] for row in test])
    answers = probe.predict(pool, draws, [E], len(labels))
    return np.array([accuracy(answer.probabilities[0], truth) for answer in answers])


def public(name: str, chosen: Task, results: pd.DataFrame) -> np.ndarray | None:
    """Return the record's accuracy of each draw, or None where it has none."""
    found = results[
        (results["model"] == name)
        & (results["task"] == chosen.name)
        & (results["subset"] == chosen.subset)
        & (results["split"] == "test")
    ]
    draws = [values for values in found["accuracy_per_experiment"] if len(values)]
    return np.asarray(draws[-1], dtype=np.float64) if draws else None


def line(name: str, chosen: Task, here: np.ndarray, there: np.ndarray | None) -> str:
    """Return a row of the table."""
    n_here = len(chosen.rows[0])
    same = "perhaps the same" if n_here == chosen.n_train else f"{n_here:,} of {chosen.n_train:,}"
    start = f"| {name} | {chosen.name} ({chosen.subset}) | {same} | {100 * here.mean():.2f} |"
    if there is None:
        return f"{start} | | | not in the record |"
    difference = 100 * (here.mean() - there.mean())
    error = 100 * np.hypot(*(x.std(ddof=1) / np.sqrt(len(x)) for x in (here, there)))
    verdict = "agrees" if abs(difference) <= ERRORS * error + POINTS else "differs"
    return f"{start} {100 * there.mean():.2f} | {difference:+.2f} | {error:.2f} | {verdict} |"


def main() -> None:
    """Run every encoder on every task, a line at a time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("record", type=Path)
    parser.add_argument("encoders", nargs="+", metavar="NAME=SPEC")
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--to", type=Path, help="a file for the table")
    given = parser.parse_args()
    results = pd.read_parquet(given.record / "results.parquet")
    known = pd.read_parquet(given.record / "tasks.parquet")
    lines = [
        "| encoder | task | training rows here | mean here | record | difference | error | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    print(*lines, sep="\n", flush=True)
    for encoder in given.encoders:
        name, _, spec = encoder.partition("=")
        for dataset in given.tasks:
            chosen = task(dataset, known)
            lines.append(line(name, chosen, local(spec, chosen), public(name, chosen, results)))
            print(lines[-1], flush=True)
            if given.to:
                given.to.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
