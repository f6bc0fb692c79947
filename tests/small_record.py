"""A small public record, as tables and in the layout of its repository, for tests to change."""

from __future__ import annotations

import json

import pandas as pd

CLASSIFIER = "LogisticRegression()"


def task(name, subset="default", split="test", counts=(6, 4), **facts):
    """Return a row of tasks.parquet."""
    labels = {str(code): count for code, count in enumerate(counts)}
    return {
        "task": name, "path": f"mteb/{name.lower()}", "revision": "abc",
        "languages": '["eng-Latn"]', "domains": '["Written", "News"]',
        "licence": "mit", "samples_per_label": 8.0,
        "n_experiments": 3.0, "classifier": CLASSIFIER, "train_split": "train",
        "superseded_by": None, "split": split, "subset": subset, "n_examples": float(sum(counts)),
        "mean_text_length_chars": 50.5, "n_classes": float(len(counts)),
        "label_counts": json.dumps(labels),
    } | facts  # fmt: skip


def both(name, subset="default", **facts):
    """Return the train and the test row of a task."""
    train = task(name, subset, "train", (20, 5), **facts)
    return [train, task(name, subset, "test", **facts)]


def line(model="org/a", name="Moods", **facts):
    """Return a row of results.parquet."""
    return {
        "model": model, "revision": "r1", "task": name, "dataset_revision": "abc",
        "mteb_version": "1.12.0", "split": "test", "subset": "default", "accuracy": 0.6, "f1": 0.5,
        "accuracy_per_experiment": [0.5, 0.6, 0.7], "f1_per_experiment": [0.4, 0.5, 0.6],
    } | facts  # fmt: skip


def encoder(name="org/a", **facts):
    """Return a row of encoders.parquet."""
    return {
        "name": name, "revision": "r1", "release_date": "2024-02-08", "languages": '["eng-Latn"]',
        "n_parameters": "118000000", "max_tokens": "512.0", "embed_dim": "384", "license": "mit",
        "open_weights": "True", "use_instructions": "False", "adapted_from": None,
        "training_datasets": '["NQ", "x"]',
    } | facts  # fmt: skip


LINES = (line(), line("org/b", accuracy_per_experiment=[0.8, 0.9, 1.0], accuracy=0.9))
TASKS = (*both("Moods"),)
ENCODERS = (encoder(), encoder("org/b", adapted_from="org/a"))


def tables(folder, lines=LINES, tasks=TASKS, encoders=ENCODERS):
    """Write a record as tables and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("results", lines), ("tasks", tasks), ("encoders", encoders)):
        pd.DataFrame(list(rows)).to_parquet(folder / f"{name}.parquet")
    return folder


def scores(accuracy=0.6, draws=(0.5, 0.6, 0.7), **facts):
    """Return the scores of one subset as a result file has them."""
    every = [{"accuracy": each, "f1": each} for each in draws]
    return {"hf_subset": "default", "languages": ["eng-Latn"], "accuracy": accuracy, "f1": accuracy,
            "main_score": accuracy, "scores_per_experiment": every} | facts  # fmt: skip


def file(root, model="org/a", name="Moods", revision="r1", content=None, **facts):
    """Write one result file of the repository's layout and return it."""
    place = root / "results" / model.replace("/", "__") / revision
    place.mkdir(parents=True, exist_ok=True)
    written = {"task_name": name, "dataset_revision": "abc", "mteb_version": "1.12.0",
               "evaluation_time": 1.0, "scores": {"test": [scores()]}} | facts  # fmt: skip
    path = place / f"{name}.json"
    path.write_text(json.dumps(written) if content is None else content, encoding="utf-8")
    return path
