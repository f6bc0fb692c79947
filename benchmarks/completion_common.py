"""Completion on the populations that others judge on, where less is held out.

    python benchmarks/completion_common.py [--items mixture,additive] [--out FOLDER]

`benchmarks/completion.py` holds out whole groups, organisations and lineages. Figures elsewhere
are made on easier ground; here is ours on that ground, beside what is usual there. No
development and final set are told apart: nothing was chosen by these tables. Tables:

- ``rank``: the ten English tasks of `ENGLISH` and the encoders that have run all of them: order
  the encoders on a task that was held out, 0 to 10 measured at random; ``rank_best`` with those
  chosen by their gain in the best. ``static`` orders by the mean z-score on the other nine;
- ``rank_group``, ``rank_group_best``: the same where a task's whole group was held out (Massive
  and MTOP stand twice among the ten), from ``static`` as well;
- ``any_encoder``: an encoder that was held out, in folds by chance over encoders, from 1, 3, 5 or
  8 of those tasks; ``ridge`` is ridge regression of the others on those measured;
- ``any_task``: a task that was held out, in folds by chance over tasks, so that its languages and
  versions may be known, from 3, 5 or 10 encoders at random.

Of the twelve English classification tasks of MTEB's first version two, AmazonPolarity and
AmazonReviews, are not in the record.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import completion
import mteb
import numpy as np
import pandas as pd

from charz.completion import _grid, _model, _scale
from charz.completion._calibrate import Line

ENGLISH = (
    "AmazonCounterfactual", "Banking77", "Emotion", "Imdb", "MTOPDomain", "MTOPIntent",
    "MassiveIntent", "MassiveScenario", "ToxicConversations", "TweetSentimentExtraction",
)  # fmt: skip
FOLDS = 5
GIVEN = (1, 3, 5, 8)
LEAST = 5
"""English tasks that an encoder must have run to be judged in ``any_encoder``."""
PENALTY = 1.0
ITEMS = ("additive", "mixture")


def main() -> None:
    """Run every table and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", default=",".join(ITEMS))
    parser.add_argument("--out", type=Path, default=completion.RESULTS)
    given = parser.parse_args()
    start = time.monotonic()
    common = Common(mteb.read())
    common.static()
    common.ridge()
    for item in given.items.split(","):
        common.rank(item)
        common.any_encoder(item)
        common.any_task(item)
    frame = pd.DataFrame(common.rows)
    keys = ["table", "step", "item"]
    table = frame.groupby(keys, sort=False).mean(numeric_only=True)
    table["n"] = frame.groupby(keys, sort=False).size()
    table = table.round(3).reset_index().sort_values(keys)
    given.out.mkdir(exist_ok=True, parents=True)
    table.to_csv(given.out / "common.csv", index=False)
    print(f"{table.to_string(index=False)}\n{time.monotonic() - start:.0f} s")


class Common:
    """Judges items on populations with less held out."""

    def __init__(self, record) -> None:
        self.record, self.rows = record, []
        self.value, self.error = record.matrix("value").T, _grid.errors(record)
        tasks = record.tasks[record.tasks["judged"]]
        self.judged = tasks.index
        names = [f"{name}Classification" for name in ENGLISH]
        self.english = tasks.index[tasks["task"].isin(names)]
        self.groups = record.tasks["group"]
        counts = self.value.loc[self.english].notna().sum()
        self.all = counts.index[counts == len(self.english)]
        self.some = counts.index[counts >= LEAST]

    def static(self) -> None:
        """Order encoders by their mean z-score on the other tasks."""
        A = self.value.loc[self.english, self.all].to_numpy()
        Z = (A - A.mean(axis=1, keepdims=True)) / A.std(axis=1, keepdims=True)
        for place in range(len(A)):
            others = np.delete(Z, place, axis=0).mean(axis=0)
            self._add("rank", 0, "static", ranking(others, A[place]))
            apart = (self.groups[self.english] != self.groups[self.english[place]]).to_numpy()
            self._add("rank_group", 0, "static", ranking(Z[apart].mean(axis=0), A[place]))

    def rank(self, item: str) -> None:
        """Order encoders on tasks that were held out, alone or with their groups."""
        for task in self.english:
            self._rank("rank", item, task, [task])
            group = self.groups.index[self.groups == self.groups[task]]
            self._rank("rank_group", item, task, group)

    def _rank(self, table: str, item: str, task: str, out) -> None:
        model = _model.fit(self.record.without(tasks=out), item)
        line = self._line(model, "tasks", task, self.all)
        planned = completion._planned(line, "best", max(completion.MEASURED))
        for q in completion.MEASURED:
            for n in range(completion.REPEATS if q else 1):
                order = completion._chance(task, n).permutation(len(self.all))
                self._judge(table, q, item, line, order[:q])
            if q:
                self._judge(f"{table}_best", q, item, line, planned[:q])

    def any_encoder(self, item: str) -> None:
        """Hold out encoders by chance."""
        for out in self._folds(self.some):
            model = _model.fit(self.record.without(encoders=out), item)
            for encoder in out:
                known = self.english[self.value.loc[self.english, encoder].notna()]
                line = self._line(model, "encoders", encoder, known)
                for q, places in self._given(encoder, len(known)):
                    self._judge("any_encoder", q, item, line, places)

    def ridge(self) -> None:
        """Regress the tasks that are left on those measured, over encoders that have run all."""
        A = self.value.loc[self.english].T
        for out in self._folds(self.some):
            T = A.loc[self.all.difference(pd.Index(out))].to_numpy()
            for encoder in out:
                known = np.flatnonzero(A.loc[encoder].notna())
                truth = A.loc[encoder].to_numpy()
                for q, places in self._given(encoder, len(known)):
                    seen, rest = known[places], np.setdiff1d(known, known[places])
                    middle = T.mean(axis=0)
                    X, Y = (T - middle)[:, seen], (T - middle)[:, rest]
                    penalty = PENALTY * X.var(axis=0).mean() * np.eye(q)
                    slopes = np.linalg.solve(X.T @ X + penalty, X.T @ Y)
                    said = middle[rest] + (truth - middle)[seen] @ slopes
                    mae = 100 * np.abs(said - truth[rest]).mean()
                    self._add("any_encoder", q, "ridge", {"mae": mae})

    def any_task(self, item: str) -> None:
        """Hold out tasks by chance."""
        for out in self._folds(self.judged):
            model = _model.fit(self.record.without(tasks=out), item)
            for task in out:
                known = self.value.columns[self.value.loc[task].notna()]
                line = self._line(model, "tasks", task, known)
                for q in completion.MEASURED[1:]:
                    places = completion._chance(task, 0).permutation(len(known))[:q]
                    self._judge("any_task", q, item, line, places)

    def _folds(self, names) -> list[list[str]]:
        order = sorted(names, key=lambda name: completion.share(name, "common"))
        return [order[n::FOLDS] for n in range(FOLDS)]

    def _given(self, name: str, n_known: int):
        for q in (q for q in GIVEN if q < n_known):
            for repeat in range(completion.REPEATS):
                yield q, completion._chance(name, repeat).permutation(n_known)[:q]

    def _line(self, model, axis: str, name: str, others: pd.Index) -> Line:
        index = (model.encoders if axis == "tasks" else model.tasks).index
        facts = getattr(self.record, axis).loc[[name]]
        prior = _model.prior(model, axis, facts).only(index.get_indexer(others))
        frames = (self.value, self.error) if axis == "tasks" else (self.value.T, self.error.T)
        truth, error = (frame.loc[name, others].to_numpy() for frame in frames)
        return Line(name, prior, truth, error)

    def _judge(self, table: str, q: int, item: str, line: Line, places) -> None:
        said, truth = _scale.to_accuracy(line.after(places).mean), line.truth
        rest = np.setdiff1d(line.known, places)
        if not len(rest):
            return
        said[places] = truth[places]
        figures = {"mae": 100 * np.abs(said - truth)[rest].mean()}
        self._add(table, q, item, figures | (ranking(said, truth) if "rank" in table else {}))

    def _add(self, table: str, q: int, item: str, figures: dict) -> None:
        self.rows.append({"table": table, "step": q, "item": item} | figures)


def ranking(said, truth) -> dict[str, float]:
    """Return weighted tau over all and over the best third, and regrets."""
    return completion._ranking(np.asarray(said), np.asarray(truth))


if __name__ == "__main__":
    main()
