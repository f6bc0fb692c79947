"""How close completion comes on what was held out, beside its baselines: every table at once.

    python benchmarks/completion.py [--final] [--items kernel,additive] [--out FOLDER]
    python benchmarks/completion.py --ship

Reads the lab's public MTEB results (`benchmarks/mteb.py`). A quarter of the task groups and a
quarter of the organisations, by a hash of their names, are the final set: without ``--final``
they are neither learned from nor judged. With it they are what is judged, the rest what is
learned from. Which encoders and tasks were held out, measured and predicted together is written
to FOLDER as ``splits.parquet`` beside the tables.

Tables:

- ``cells``: encoders of held-out organisations, 10, 50 or 80% of their core tasks hidden;
- ``encoder``: the same with their lineages held out as well, 1, 3 or 5 core tasks measured;
- ``english``: as ``encoder``, on the English core tasks alone;
- ``task``: a task whose group was held out, 0 to 10 encoders measured at random;
- ``best``: the same, encoders chosen by their gain in the best; ``fill``: by the fall of variance.

The core is the judged tasks that `CORE` encoders have run, and the encoders that have half of
them; any other judged task has `LEAST` encoders or more.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path

import mteb
import numpy as np
import pandas as pd
from scipy.stats import weightedtau

from charz.completion import _gaussian, _grid, _model, _plan, _scale
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
ITEMS = ("constant", "additive", "low_rank", "factor", "kernel")
PLANNED = ("kernel",)


def main() -> None:
    """Run every table and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--final", action="store_true")
    parser.add_argument("--ship", action="store_true")
    parser.add_argument("--items", default=",".join(ITEMS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    if given.ship:
        _ship()
        return
    start = time.monotonic()
    judge = Judge(mteb.read(), given.final)
    for item in given.items.split(","):
        judge.tasks(item)
        judge.encoders(item)
    table, splits = summary(judge.rows), pd.DataFrame(judge.splits)
    given.out.mkdir(exist_ok=True, parents=True)
    name = "final" if given.final else "development"
    table.to_csv(given.out / f"{name}.csv", index=False)
    splits.to_parquet(given.out / f"{name}.splits.parquet", index=False)
    print(table.to_string(index=False))
    print(f"{time.monotonic() - start:.0f} s; splits in {given.out}")


def _ship() -> None:
    from charz.completion._recommend import SHIPPED

    content = _model.to_bytes(_model.fit(mteb.read()))
    (SHIPPED / "mteb.npz").write_bytes(content)
    print(f"{SHIPPED / 'mteb.npz'}: {len(content) / 1e6:.2f} MB")


def share(name: str, salt: str) -> float:
    """Return a number in [0, 1) that depends on a name alone."""
    return int(hashlib.sha256(f"{salt}:{name}".encode()).hexdigest()[:8], 16) / 2**32


class Judge:
    """Judges items on held-out groups and organisations of one record."""

    def __init__(self, record: Record, final: bool) -> None:
        self.record, self.final = record, final
        self.rows: list[dict] = []
        self.splits: list[dict] = []
        self.value, self.error = record.matrix("value").T, self._errors(record)
        groups, organisations = record.tasks["group"], record.encoders["organisation"]
        self.last_group = pd.Series([share(x, "task") < SHARE for x in groups], groups.index)
        self.last_org = pd.Series([share(x, "org") < SHARE for x in organisations],
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

    @staticmethod
    def _errors(record: Record) -> pd.DataFrame:
        sd, n_draws = (record.matrix(name).T for name in ("sd", "n_draws"))
        return pd.DataFrame(_grid.standard_error(sd.to_numpy(), n_draws.to_numpy()), sd.index,
                            sd.columns)  # fmt: skip

    # --- new tasks

    def tasks(self, item: str) -> None:
        """Hold out groups of tasks."""
        for learned, asked in self._task_folds():
            model = _model.fit(learned, item)
            for task in asked:
                self._task(item, model, task)

    def _task_folds(self):
        last, names = self.last_group, self.record.tasks.index
        if self.final:
            yield self.record.without(tasks=names[last]), [t for t in self.judged if last[t]]
            return
        for fold in range(FOLDS):
            out = self.fold_group == fold
            asked = [t for t in self.judged if out[t] and not last[t]]
            yield self.record.without(tasks=names[last | out]), asked

    def _task(self, item: str, model: _model.Model, task: str) -> None:
        facts = self.record.tasks.loc[[task]]
        prior = _model.prior(model, "tasks", facts)
        truth = self.value.loc[task, model.encoders.index].to_numpy()
        error = self.error.loc[task, model.encoders.index].to_numpy()
        known = np.flatnonzero(np.isfinite(truth))
        group = self.record.tasks.loc[task, "group"]
        line = _Line(item, "task", group, task, prior, truth, error, known)
        for q in MEASURED:
            for repeat in range(REPEATS if q else 1):
                self._judge(line, q, _chance(task, repeat).permutation(known)[:q])
        if item in PLANNED:
            for goal in _plan.GOALS:
                planned = _planned(line, goal, max(MEASURED))
                for q in MEASURED[1:]:
                    self._judge(line.named(goal), q, planned[:q])

    # --- new encoders

    def encoders(self, item: str) -> None:
        """Hold out organisations, and then their lineages as well."""
        facts = self.record.encoders
        for out in self._encoder_folds():
            asked = [e for e in out if e in self.many]
            gone = set(facts.index[facts["organisation"].isin(facts.loc[asked, "organisation"])])
            rest = set(facts.index[self.last_org]) if not self.final else set()
            kin = set(facts.index[facts["lineage"].isin(facts.loc[asked, "lineage"])])
            apart = _model.fit(self.record.without(encoders=gone | rest), item)
            alone = _model.fit(self.record.without(encoders=gone | rest | kin), item)
            for encoder in asked:
                self._encoder(item, "cells", apart, encoder, self.core, HIDDEN)
                self._encoder(item, "encoder", alone, encoder, self.core, GIVEN)
                self._encoder(item, "english", alone, encoder, self.english, GIVEN)

    def _encoder_folds(self):
        names = self.record.encoders.index
        if self.final:
            yield list(names[self.last_org])
            return
        for fold in range(FOLDS):
            yield list(names[(self.fold_org == fold) & ~self.last_org])

    def _encoder(self, item, table, model, encoder, tasks, steps) -> None:
        facts = self.record.encoders.loc[[encoder]]
        places = model.tasks.index.get_indexer(tasks)
        prior = _model.prior(model, "encoders", facts).only(places)
        truth = self.value.loc[tasks, encoder].to_numpy()
        error = self.error.loc[tasks, encoder].to_numpy()
        known = np.flatnonzero(np.isfinite(truth))
        line = _Line(item, table, encoder.split("/")[0], encoder, prior, truth, error, known)
        for step in steps:
            n = round((1 - step) * len(known)) if step < 1 else step
            n = min(n, len(known) - 1)
            for repeat in range(REPEATS):
                self._judge(line, step, _chance(encoder, repeat).permutation(known)[:n])

    # --- figures

    def _judge(self, line: _Line, step: float, places: np.ndarray) -> None:
        joint = line.after(places)
        rest = np.setdiff1d(line.known, places)
        if not len(rest):
            return
        value, truth = _scale.to_accuracy(joint.mean), line.truth
        low, high = _model.interval(joint, line.error, LEVEL)
        inside = (low[rest] <= truth[rest]) & (truth[rest] <= high[rest])
        value[places] = truth[places]
        row = {
            "table": line.table, "step": step, "item": line.item, "unit": line.unit,
            "mae": 100 * np.abs(value - truth)[rest].mean(), "coverage": inside.mean(),
            "width": 100 * (high - low)[rest].mean(),
            "floor": 100 * np.sqrt(2 / np.pi) * line.error[rest].mean(),
        }  # fmt: skip
        if line.table in ("task", *_plan.GOALS):
            row |= _ranking(value[line.known], truth[line.known])
        self.rows.append(row)
        if line.item == "kernel":
            self.splits.append(
                {"table": line.table, "step": step, "name": line.name,
                 "measured": places.tolist(), "judged": rest.tolist()}
            )  # fmt: skip


class _Line:
    """One held-out task or encoder: what is believed and what is true."""

    def __init__(self, item, table, unit, name, prior, truth, error, known) -> None:
        self.item, self.table, self.unit, self.name = item, table, unit, name
        self.prior, self.truth, self.error, self.known = prior, truth, error, known
        self.noise = (error * _scale.slope(np.nan_to_num(truth, nan=0.5))) ** 2

    def named(self, table: str) -> _Line:
        return _Line(self.item, table, self.unit, self.name, self.prior, self.truth, self.error,
                     self.known)  # fmt: skip

    def after(self, places: np.ndarray) -> _gaussian.Gaussian:
        y = _scale.to_scale(self.truth[places])
        return _gaussian.condition(self.prior, places, y, self.noise[places])


def _planned(line: _Line, goal: str, n: int) -> np.ndarray:
    """Return the first n places that the plan would measure, each knowing what came before."""
    places: list[int] = []
    allowed = np.zeros(len(line.truth), dtype=bool)
    allowed[line.known] = True
    usual = np.full(len(line.truth), np.nanmedian(line.noise))
    for _ in range(min(n, len(line.known) - 1)):
        joint = line.after(np.array(places, dtype=np.intp))
        places.append(_plan.following(joint, usual, allowed=allowed, goal=goal).place)
        allowed[places[-1]] = False
    return np.array(places, dtype=np.intp)


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


def summary(rows: list[dict]) -> pd.DataFrame:
    """Return means over tasks or encoders, and of the error also over groups or organisations."""
    frame = pd.DataFrame(rows)
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
