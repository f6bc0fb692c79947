"""How close completion comes on what was held out, beside its baselines: every table at once.

    python benchmarks/completion.py [--final | --whole] [--items kernel,additive] [--out FOLDER]
    python benchmarks/completion.py --ship

Reads the public MTEB record that comes with charz (`benchmarks/mteb.py`). A quarter of the task
groups and a quarter of the organisations, by a hash of their names, are the final set: without
``--final`` they are neither learned from nor judged. With it they are what is judged, the rest
what is learned from. Intervals of a fold are as wide as the other folds of the development set
asked for (`charz.completion._calibrate`), those of the final set as wide as all of them did. With
``--whole`` every group and organisation is held out once, the final set among them. Which
encoders and tasks were held out and measured together is written to FOLDER as ``splits.parquet``
beside the tables; what is judged is every other cell of the line.

Tables:

- ``cells``: encoders of held-out organisations, 10, 50 or 80% of their core tasks hidden;
- ``encoder``: the same with their lineages held out as well, 1, 3 or 5 core tasks measured;
- ``english``: as ``encoder``, on the English core tasks alone;
- ``task``: a task whose group was held out, over the encoders that ran it, 0 to 10 of them
  measured at random;
- ``best``: the same, encoders chosen by their gain in the best; ``fill``: by the fall of variance.

The core is the judged tasks that `CORE` encoders have run, and the encoders that have half of
them; any other judged task has `LEAST` encoders or more.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path

import mteb
import numpy as np
import pandas as pd
from scipy.stats import weightedtau

from charz.completion import _calibrate, _grid, _held_out, _model, _plan, _scale
from charz.completion._calibrate import Line
from charz.completion._record import Record

RESULTS = Path(__file__).parent / "results" / "completion"
FOLDS = 5
SHARE = 0.25
CORE = 140
LEAST = 20
HIDDEN = (0.1, 0.5, 0.8)
GIVEN = (1, 3, 5)
MEASURED = (0, 3, 5, 10)
REPEATS = 3
LEVEL = 0.9
FINAL = -1
SETS = ("development", "final", "whole")
ITEMS = ("constant", "additive", "low_rank", "factor", "kernel", "mixture")
PLANNED = ("mixture",)


def main() -> None:
    """Run every table and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--final", action="store_true")
    which.add_argument("--whole", action="store_true")
    parser.add_argument("--ship", action="store_true")
    parser.add_argument("--items", default=",".join(ITEMS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    if given.ship:
        _ship()
        return
    start = time.monotonic()
    judge = Judge(mteb.read(), given.final, given.whole)
    for item in given.items.split(","):
        judge.tasks(item)
        judge.encoders(item)
        print(f"{item}: {time.monotonic() - start:.0f} s", flush=True)
    given.out.mkdir(exist_ok=True, parents=True)
    rows, splits = pd.DataFrame(judge.rows), pd.DataFrame(judge.splits)
    for name in [name for name in SETS if (rows["set"] == name).any()]:
        table = summary(rows[rows["set"] == name])
        table.to_csv(given.out / f"{name}.csv", index=False)
        print(f"{name}\n{table.to_string(index=False)}")
        if len(splits):
            of = splits[splits["set"] == name].drop(columns="set")
            of.to_parquet(given.out / f"{name}.splits.parquet", index=False)
    print(f"{time.monotonic() - start:.0f} s; splits in {given.out}")


def _ship() -> None:
    from charz.completion._recommend import SHIPPED

    content = _model.to_bytes(_held_out.fit(mteb.read()))
    (SHIPPED / "mteb.npz").write_bytes(content)
    print(f"{SHIPPED / 'mteb.npz'}: {len(content) / 1e6:.2f} MB")


def share(name: str, salt: str) -> float:
    """Return a number in [0, 1) that depends on a name alone."""
    return int(hashlib.sha256(f"{salt}:{name}".encode()).hexdigest()[:8], 16) / 2**32


class Judge:
    """Judges items on held-out groups and organisations of one record."""

    def __init__(self, record: Record, final: bool = False, whole: bool = False) -> None:
        self.record, self.final, self.whole = record, final, whole
        self.rows: list[dict] = []
        self.splits: list[dict] = []
        self.value, self.error = record.matrix("value").T, _grid.errors(record)
        groups, organisations = record.tasks["group"], record.encoders["organisation"]
        apart = 0.0 if whole else SHARE
        self.last_group = pd.Series([share(x, "task") < apart for x in groups], groups.index)
        self.last_org = pd.Series([share(x, "org") < apart for x in organisations],
                                  organisations.index)  # fmt: skip
        self.fold_group = pd.Series([int(FOLDS * share(x, "fold")) for x in groups], groups.index)
        self.fold_org = pd.Series([int(FOLDS * share(x, "fold")) for x in organisations],
                                  organisations.index)  # fmt: skip
        judged = record.tasks["judged"]
        counts = self.value.notna().sum(axis=1)
        self.judged = list(judged.index[judged & (counts >= LEAST)])
        self.core = list(judged.index[judged & (counts >= CORE)])
        self.many = set(self.value.columns[self.value.loc[self.core].notna().mean() >= 0.5])
        english = [t for t in self.core if "eng" in record.tasks.loc[t, "languages"]]
        self.english = english

    # --- new tasks

    def tasks(self, item: str) -> None:
        """Hold out groups of tasks."""
        names, held = self.record.tasks.index, []
        for fold, out in self._folds(self.last_group, self.fold_group):
            rest = self.last_group | out
            model = _model.fit(self.record.without(tasks=names[rest]), item)
            for task in (t for t in self.judged if out[t]):
                facts = self.record.tasks.loc[[task]]
                prior = _model.prior(model, "tasks", facts)
                ran = self.value.loc[task, model.encoders.index].notna().to_numpy()
                others = model.encoders.index[ran]
                prior = prior.only(np.flatnonzero(ran))
                line = self._line(task, str(facts["group"].iloc[0]), prior, others)
                held.append(_Held(item, "task", task, fold, line, others))
        widths = self._widths(held)
        for each in held:
            self._task(each, widths[each.fold])

    def _folds(self, last: pd.Series, fold: pd.Series):
        for n in range(FOLDS):
            yield n, (fold == n) & ~last
        if self.final:
            yield FINAL, last

    def _line(self, name: str, unit: str, prior, others: pd.Index) -> Line:
        truth, error = (frame.loc[name, others].to_numpy() for frame in (self.value, self.error))
        return Line(unit, prior, truth, error)

    @staticmethod
    def _widths(held: list[_Held]) -> dict[int, np.ndarray]:
        """Return for each fold what the other folds of the development set ask for."""
        goals = _held_out.PLANS["tasks" if held[0].table == "task" else "encoders"]
        needs = [_calibrate.needs(each.line, goals) for each in held]
        widths = {}
        for fold in {each.fold for each in held}:
            others = [n for n, each in enumerate(held) if each.fold not in (fold, FINAL)]
            widths[fold] = _calibrate.pooled(
                [held[n].line.group for n in others], [needs[n] for n in others]
            )
        return widths

    def _set(self, held: _Held) -> str:
        return SETS[2] if self.whole else SETS[held.fold == FINAL]

    def _task(self, held: _Held, widths: np.ndarray) -> None:
        known = held.line.known
        for q in MEASURED:
            for repeat in range(REPEATS if q else 1):
                self._judge(held, q, _chance(held.name, repeat).permutation(known)[:q], widths)
        if held.item in PLANNED:
            for goal in _plan.GOALS:
                planned = _calibrate.planned(held.line, goal, max(MEASURED))
                for q in MEASURED[1:]:
                    self._judge(replace(held, table=goal), q, planned[:q], widths)

    # --- new encoders

    def encoders(self, item: str) -> None:
        """Hold out organisations, and then their lineages as well."""
        facts, held, tables = self.record.encoders, [], []
        names = facts.index
        for fold, out in self._folds(self.last_org, self.fold_org):
            asked = [e for e in names[out] if e in self.many]
            gone = facts["organisation"].isin(facts.loc[asked, "organisation"]) | self.last_org
            kin = facts["lineage"].isin(facts.loc[asked, "lineage"])
            apart = _model.fit(self.record.without(encoders=names[gone]), item)
            alone = _model.fit(self.record.without(encoders=names[gone | kin]), item)
            for encoder in asked:
                every = self.value.index[self.value[encoder].notna()]
                near, far = self._priors(apart, encoder), self._priors(alone, encoder)
                held.append(self._encoder(item, "every", fold, near, encoder, every))
                tables.append(self._encoder(item, "cells", fold, near, encoder, self.core))
                tables.append(self._encoder(item, "encoder", fold, far, encoder, self.core))
                tables.append(self._encoder(item, "english", fold, far, encoder, self.english))
        widths = self._widths(held)
        for each in tables:
            self._tasks_of(each, widths[each.fold])

    def _priors(self, model, encoder: str):
        return _model.prior(model, "encoders", self.record.encoders.loc[[encoder]])

    def _encoder(self, item, table, fold, prior, encoder, tasks) -> _Held:
        prior = prior.only(self.value.index.get_indexer(tasks))
        truth, error = (frame.loc[tasks, encoder].to_numpy() for frame in (self.value, self.error))
        line = Line(encoder.split("/")[0], prior, truth, error)
        return _Held(item, table, encoder, fold, line, pd.Index(tasks))

    def _tasks_of(self, held: _Held, widths: np.ndarray) -> None:
        known = held.line.known
        for step in HIDDEN if held.table == "cells" else GIVEN:
            n = round((1 - step) * len(known)) if step < 1 else step
            n = min(n, len(known) - 1)
            for repeat in range(REPEATS):
                places = _chance(held.name, repeat).permutation(known)[:n]
                self._judge(held, step, places, widths)

    # --- figures

    def _judge(self, held: _Held, step: float, places: np.ndarray, widths: np.ndarray) -> None:
        line = held.line
        rest = np.setdiff1d(line.known, places)
        if not len(rest):
            return
        joint = line.after(places)
        by = _calibrate.width(widths, len(places))
        joint = joint.wider(by)
        value, truth = _scale.to_accuracy(joint.mean), line.truth
        low, high = _model.interval(joint, line.error, LEVEL)
        inside = (low[rest] <= truth[rest]) & (truth[rest] <= high[rest])
        value[places] = truth[places]
        row = {
            "set": self._set(held), "table": held.table, "step": step,
            "item": held.item, "unit": line.group,
            "mae": 100 * np.abs(value - truth)[rest].mean(), "coverage": inside.mean(),
            "width": 100 * (high - low)[rest].mean(), "by": by,
            "floor": 100 * np.sqrt(2 / np.pi) * line.error[rest].mean(),
        }  # fmt: skip
        if held.table in ("task", *_plan.GOALS):
            row |= _ranking(value[line.known], truth[line.known])
        self.rows.append(row)
        if held.item in PLANNED:
            measured = held.others[places].tolist()
            self.splits.append(
                {"set": self._set(held), "table": held.table, "step": step,
                 "name": held.name, "measured": measured}
            )  # fmt: skip


@dataclass(frozen=True)
class _Held:
    """One held-out task or encoder, and who its line is over."""

    item: str
    table: str
    name: str
    fold: int
    line: Line
    others: pd.Index


def _chance(name: str, repeat: int) -> np.random.Generator:
    return np.random.default_rng([repeat, int(2**32 * share(name, "draw"))])


def _ranking(said: np.ndarray, true: np.ndarray) -> dict[str, float]:
    order = np.argsort(-said, kind="stable")
    third = np.argsort(-true, kind="stable")[: max(len(true) // 3, 3)]
    return {
        "tau": weightedtau(said, true).statistic,
        "tau_third": weightedtau(said[third], true[third]).statistic,
        "regret_1": 100 * (true.max() - true[order[0]]),
        "regret_3": 100 * (true.max() - true[order[:3]].max()),
    }


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return means over tasks or encoders, and of the error also over groups or organisations."""
    keys = ["table", "step", "item"]
    table = frame.groupby(keys, sort=False).mean(numeric_only=True)
    by_unit = frame.groupby([*keys, "unit"], sort=False)[["mae", "coverage"]].mean()
    by_unit = by_unit.groupby(keys, sort=False).mean()
    table.insert(1, "mae_by_group", by_unit["mae"])
    table.insert(3, "coverage_by_group", by_unit["coverage"])
    table["n"] = frame.groupby(keys, sort=False)["unit"].size()
    return table.round(3).reset_index().sort_values(keys)


if __name__ == "__main__":
    main()
