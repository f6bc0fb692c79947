"""Does what labels cover of a domain tell where a probe errs? Judged with dataset groups held out.

    python benchmarks/domain_coverage.py REGISTRY [--rounds 1] [--final] [--write]

``REGISTRY`` has datasets and vectors, as ``benchmarks/reference.py`` makes it, and is only read.
Each round takes every dataset once, under one of four encoders and with 64 to 512 labelled rows of
its training split, in four settings: eval rows of the ``same`` dataset; labels of a ``part``, four
of eight clusters of the training split; a ``wider`` domain, half of whose eval rows are of another
dataset with the same labels; and ``shift``, where all are. The truth of a region is the share of
its eval rows that the probe answers rightly. Prints

- the rank correlation (Spearman) over the regions of a sample between a number and the error, mean
  over groups of datasets, and that over the regions of all samples. ``ceiling`` is what the true
  accuracies would reach, since errors are counted on few rows: the root of their reliability, by
  halves, Spearman-Brown;
- how far the expected accuracy is off, beside simpler means, and how often its interval holds the
  truth;
- how many of the rows that labels leave out lie in regions called empty or thin.

Groups put away (a fifth, by a hash of their names) take no part unless ``--final`` judges them, by
a map of the others. ``--write`` learns the map of all groups that ships.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from put_away import is_put_away
from scipy.stats import spearmanr

import charz
from charz.regions import _learn, _map, _rows, _seen, _space
from charz.regions._learn import Case
from charz.regions._seen import Seen
from charz.sample import Sample
from charz.schema import TABLES
from charz.store import Store

ENCODERS = {
    "wordllama, 256 dimensions": "static:wordllama?dims=256",
    "glove, 50 dimensions": "static:glove",
    "paraphrase-minilm-l3-v2": "%paraphrase-minilm-l3-v2?%layer=3&max_tokens=64",
    "all-minilm-l6-v2": "%all-minilm-l6-v2?dtype=bfloat16&max_tokens=64",
}
"""What is measured under, and the pattern of its spec in the registry."""
SIZES = (64, 256, 128, 512)
SETTINGS = ("same", "part", "wider", "shift")
OTHERS = {
    "map, geometry alone": _seen.GEOMETRY, "map, nearest distance alone": ("nearest",),
    "map, confidence alone": ("confidence", *_seen.OF_SAMPLE),
}  # fmt: skip
"""What the map is set beside: maps of other columns."""
LEAST_ROWS, LEAST_REGIONS = 20, 4
"""What counts: regions of so many eval rows, samples of so many such regions."""
LEVEL = 0.9
PARTS = 8
"""Clusters of a training split, half of which are labelled in ``part``."""


@dataclass(frozen=True)
class Trial(Case):
    """A sample with the truth, in a setting.

    ``alone`` is the sample in regions of positions alone; ``outside`` tells of every eval row
    whether labels leave its part of the domain out.
    """

    setting: str
    alone: Seen
    outside: np.ndarray


def main() -> None:
    """Measure, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("registry")
    parser.add_argument("--rounds", type=int, default=1, choices=(1, 2, 3, 4))
    parser.add_argument("--weight", type=float, default=_space.WEIGHT, help="of what probes say")
    parser.add_argument("--final", action="store_true", help="judge the groups put away, once")
    parser.add_argument("--write", action="store_true", help="write the map that ships")
    given = parser.parse_args()
    with charz.open(given.registry) as store:
        wanted = given.final or given.write
        cases = list(measure(store, given.rounds, given.weight, put_away=wanted))
    known = [case for case in cases if not any(map(is_put_away, case.others))]
    show("groups held out in turn", known, held_out(known))
    if given.final:
        away = [case for case in cases if is_put_away(case.group)]
        show("groups put away", away, away_from(known, away))
    if given.write:
        write(cases, given.rounds)


def number(text: str) -> int:
    """Return a text's hash as a number."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16)


def measure(store: Store, rounds: int, weight: float, *, put_away: bool) -> Iterator[Trial]:
    """Yield samples with the truth."""
    table = TABLES["dataset"]
    datasets = [dict(row) for row in store.rows(sa.select(table).order_by(table.c.name))]
    like = TABLES["encoder"].c
    encoders = [
        store.rows(sa.select(like.id).where(like.spec.like(spec)))[0]["id"]
        for spec in ENCODERS.values()
    ]
    if not put_away:
        datasets = [each for each in datasets if not is_put_away(each["group_name"])]
    for turn in range(rounds):
        for each in datasets:
            encoder = encoders[(number(each["name"]) + turn) % len(encoders)]
            size = SIZES[(number("s" + each["name"]) + turn) % len(SIZES)]
            family = relatives(each, datasets)
            other = family[turn % len(family)] if family else None
            for parts in samples(store, encoder, size, each, other):
                yield from trials(*parts, weight=weight)


def relatives(dataset: dict[str, Any], datasets: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the datasets of other groups with the same labels, in an order by hash."""
    found = [
        each for each in datasets
        if each["label_family"] == dataset["label_family"]
        and each["group_name"] != dataset["group_name"]
        and set(classes(each)) == set(classes(dataset))
    ]  # fmt: skip
    return sorted(found, key=lambda each: number(f"{dataset['name']}|{each['name']}"))


def classes(dataset: dict[str, Any]) -> list[str]:
    """Return the class names of a dataset."""
    told = dataset["classes"]
    return list(json.loads(told) if isinstance(told, str) else told)


def samples(
    store: Store, encoder: int, size: int, dataset: dict[str, Any], other: dict[str, Any] | None
) -> Iterator[tuple[Any, ...]]:
    """Yield what `trials` takes: labelled rows, settings with eval rows, names of groups."""
    y, X = labels(store, dataset["id"], "train"), vectors(store, encoder, dataset["id"], "train")
    y_eval = labels(store, dataset["id"], "test")
    X_eval = vectors(store, encoder, dataset["id"], "test")
    rng = np.random.default_rng(number(f"{dataset['name']}{encoder}") % 2**32)
    order = rng.permutation(len(y))
    inside = np.zeros(len(y_eval), dtype=bool)
    asked: dict[str, Any] = {"same": (X_eval, y_eval, inside)}
    if other is not None:
        X_other = vectors(store, encoder, other["id"], "test")
        y_other = labels(store, other["id"], "test")
        asked["shift"] = (X_other, y_other, np.ones(len(y_other), dtype=bool))
        asked["wider"] = tuple(
            np.concatenate([own[: len(own) // 2], new[: len(new) // 2]])
            for own, new in zip(asked["same"], asked["shift"], strict=True)
        )
    names = (dataset["group_name"], (other or dataset)["group_name"])
    yield X[order[:size]], y[order[:size]], asked, names
    space = _space.divide(X, X_eval, PARTS)
    kept = rng.permutation(space.n_regions)[: (space.n_regions + 1) // 2]
    rows = order[np.isin(space.train_region[order], kept)][:size]
    asked = {"part": (X_eval, y_eval, ~np.isin(space.eval_region, kept))}
    yield X[rows], y[rows], asked, names[:1] * 2


def trials(
    X: np.ndarray, y: np.ndarray, asked: dict[str, Any], names: tuple[str, str], *, weight: float
) -> Iterator[Trial]:
    """Yield a sample per setting, of one training sample."""
    present = np.unique(y)
    if len(present) < 2:
        return
    codes = np.searchsorted(present, y)
    made = Sample.several(X, codes, [part[0] for part in asked.values()], len(present))
    for sample, (setting, (_, truth, outside)) in zip(made, asked.items(), strict=True):
        found = _rows.describe(sample)
        n_regions = _space.usual(sample.n_eval)
        space = _space.divide(sample.X_train, sample.X_eval, n_regions, found.said, weight)
        alone = _space.divide(sample.X_train, sample.X_eval, n_regions)
        seen = _seen.see(sample, found, space)
        others = names if setting in ("wider", "shift") else names[:1]
        yield Trial(
            seen=seen,
            right=present[found.choice] == truth,
            group=names[setting == "shift"],
            others=frozenset(others),
            setting=setting,
            alone=replace(
                seen, train_region=alone.train_region, eval_region=alone.eval_region,
                n_regions=alone.n_regions,
            ),
            outside=outside,
        )  # fmt: skip


@cache
def labels(store: Store, dataset: int, split: str) -> np.ndarray:
    """Return the labels of a split."""
    row = store.get("split", dataset_id=dataset, name=split)
    told = store.artifacts.table(row["examples_hash"], ["label"])
    return np.array(told.column("label").to_pylist())


def vectors(store: Store, encoder: int, dataset: int, split: str) -> np.ndarray:
    """Return the vectors of a split."""
    row = store.get("split", dataset_id=dataset, name=split)
    found = store.get("embedding", encoder_id=encoder, split_id=row["id"], basis_id=dataset)
    return store.artifacts.array(found["vectors_hash"]).astype(np.float32)


Answers = dict[str, list[np.ndarray]]


def held_out(cases: Sequence[Trial]) -> Answers:
    """Return what maps that had not seen a case's groups expect, and the ends of intervals."""
    groups = sorted({case.group for case in cases})
    found: dict[str, list[np.ndarray]] = defaultdict(lambda: [np.empty(0)] * len(cases))
    n_folds = min(_learn.FOLDS, len(groups))
    for fold in range(n_folds):
        held = set(groups[fold::n_folds])
        known = [case for case in cases if not case.others & held]
        some = [place for place, case in enumerate(cases) if case.group in held]
        own = away_from(known, [cases[place] for place in some])
        for name, values in own.items():
            for place, value in zip(some, values, strict=True):
                found[name][place] = value
    return found


def away_from(known: Sequence[Trial], cases: Sequence[Trial]) -> Answers:
    """Return what a map of ``known`` and what simpler means expect of other cases."""
    learnt = _learn.learn(known)
    others = {name: _learn.fit(known, columns) for name, columns in OTHERS.items()}
    expected = [_learn.regions(learnt, case.seen) for case in cases]
    usual = mean(by_group([float(case.right.mean()) for case in known], known))
    return {
        "map": expected,
        **{
            name: [_learn.regions(one, case.seen) for case in cases] for name, one in others.items()
        },
        "alone": [_learn.regions(learnt, case.alone) for case in cases],
        "constant": [np.full(case.seen.n_regions, usual) for case in cases],
        "ends": [
            _map.interval(learnt, case.seen, answer, LEVEL)
            for case, answer in zip(cases, expected, strict=True)
        ],
    }


def by_group(values: Sequence[float], cases: Sequence[Trial]) -> dict[str, list[float]]:
    """Return the values of every group."""
    found: dict[str, list[float]] = defaultdict(list)
    for value, case in zip(values, cases, strict=True):
        found[case.group].append(value)
    return found


def numbers(seen: Seen) -> dict[str, np.ndarray]:
    """Return single numbers of every region, each larger where less error is to be expected."""
    facts = dict(zip(_seen.COLUMNS, _seen.columns(seen).T, strict=True))
    confidence = 1 / (1 + np.exp(-facts["confidence"]))
    told = {
        "covered share": facts["covered"], "nearest distance": -facts["nearest"],
        "labels in region": facts["region_labels"],
        "mean confidence": confidence,
    }  # fmt: skip
    return {name: by_region(seen, values) for name, values in told.items()}


def by_region(seen: Seen, values: np.ndarray) -> np.ndarray:
    """Return the mean of each region."""
    return _map.means(np.asarray(values, float), seen.eval_region, seen.n_regions)


def counted(seen: Seen) -> np.ndarray:
    """Return the regions of rows enough to count."""
    n_eval = np.bincount(seen.eval_region, minlength=seen.n_regions)
    return np.flatnonzero(n_eval >= LEAST_ROWS)


def halves(case: Trial, some: np.ndarray) -> float:
    """Return the rank correlation of the regions' accuracies on one half and the other."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(5):
        first = rng.random(len(case.right)) < 0.5
        sides = [
            by_region(replace(case.seen, eval_region=case.seen.eval_region[side]),
                      case.right[side])[some]
            for side in (first, ~first)
        ]  # fmt: skip
        found.append(ranked(*sides))
    return float(np.nanmean(found)) if np.isfinite(found).any() else np.nan


def ranked(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's correlation; 0 where the first says nothing, NaN where the second does."""
    fine = np.isfinite(a) & np.isfinite(b)
    if fine.sum() < 3 or np.ptp(b[fine]) == 0:
        return np.nan
    return 0.0 if np.ptp(a[fine]) == 0 else float(spearmanr(a[fine], b[fine]).statistic)


def show(title: str, cases: Sequence[Trial], answers: Answers) -> None:
    """Print the tables, each setting apart."""
    print(f"\n{title}\n")
    print("| setting | samples | groups | number | Spearman | standard error | all regions |")
    print("|---|---|---|---|---|---|---|")
    for setting in SETTINGS:
        correlations(setting, cases, answers)
    print("\n| setting | regions | expected by | error, points | truths in 90% intervals | width |")
    print("|---|---|---|---|---|---|")
    for setting in SETTINGS:
        errors(setting, cases, answers)
    print("\n| setting | samples | left-out rows in regions called empty or thin | other rows |")
    print("|---|---|---|---|")
    for setting in ("part", "wider"):
        flags(setting, cases)


def correlations(setting: str, cases: Sequence[Trial], answers: Answers) -> None:
    """Print a line per number."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    every: dict[str, list[np.ndarray]] = defaultdict(list)
    alone = "regions of positions alone"
    for place, case in enumerate(cases):
        if case.setting != setting:
            continue
        told = {name: answers[name][place] for name in ("map", *OTHERS)} | numbers(case.seen)
        simple = {"map": answers["alone"][place]} | numbers(case.alone)
        shown = [(name, case.seen, values) for name, values in told.items()]
        shown += [(f"{name}, {alone}", case.alone, simple[name]) for name in
                  ("map", "covered share", "mean confidence")]  # fmt: skip
        for name, seen, values in shown:
            some = counted(seen)
            if len(some) >= LEAST_REGIONS:
                wrong = 1 - by_region(seen, case.right)[some]
                found[name][case.group].append(ranked(values[some], wrong))
                every[name].append(np.column_stack([values[some], wrong]))
        if len(counted(case.seen)) >= LEAST_REGIONS:
            found["(halves)"][case.group].append(halves(case, counted(case.seen)))
    if not found:
        return
    reliable = mean(found.pop("(halves)"))
    ceiling = -np.sqrt(max(2 * reliable / (1 + reliable), 0))
    for name, groups in found.items():
        n = sum(np.isfinite(values).sum() for values in groups.values())
        pooled = ranked(*np.vstack(every[name]).T)
        facts = f"{setting} | {n} | {len(groups)} | {name} | {mean(groups):.2f}"
        print(f"| {facts} | {spread(groups):.2f} | {pooled:.2f} |")
    print(f"| {setting} |  |  | ceiling | {ceiling:.2f} |  |  |")


def is_flagged(case: Trial) -> np.ndarray:
    """Return of every eval row whether its region is called empty or thin."""
    told = np.array([name in ("empty", "thin") for name in _seen.statuses(case.seen)])
    return told[case.seen.eval_region]


def flags(setting: str, cases: Sequence[Trial]) -> None:
    """Print how many rows that labels leave out, and how many others, lie in flagged regions."""
    some = [case for case in cases if case.setting == setting and 0 < case.outside.mean() < 1]
    if not some:
        return
    shares = []
    for rows in (True, False):
        own = [float(is_flagged(case)[case.outside == rows].mean()) for case in some]
        shares.append(f"{mean(by_group(own, some)):.0%}")
    print(f"| {setting} | {len(some)} | {shares[0]} | {shares[1]} |")


def mean(groups: dict[str, list[float]]) -> float:
    """Return the mean over groups of their means."""
    own = [np.nanmean(values) for values in groups.values() if np.isfinite(values).any()]
    return float(np.mean(own))


def spread(groups: dict[str, list[float]]) -> float:
    """Return the standard error of that mean over groups."""
    own = [np.nanmean(values) for values in groups.values() if np.isfinite(values).any()]
    return float(np.std(own, ddof=1) / np.sqrt(len(own))) if len(own) > 1 else np.nan


def errors(setting: str, cases: Sequence[Trial], answers: Answers) -> None:
    """Print how far expectations are off, and how often intervals hold the truth."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    n = 0
    for place, case in enumerate(cases):
        some = counted(case.seen)
        if case.setting != setting or not len(some):
            continue
        n += len(some)
        n_eval = np.bincount(case.seen.eval_region, minlength=case.seen.n_regions)
        truth = by_region(case.seen, case.right)[some]
        told = {
            **{name: answers[name][place][some] for name in ("map", *OTHERS)},
            "mean confidence": numbers(case.seen)["mean confidence"][some],
            "cross-validation": np.full(len(some), case.seen.right.mean()),
            "constant": answers["constant"][place][some],
        }
        for name, values in told.items():
            found[name][case.group] += (100 * np.abs(values - truth)).tolist()
        floor = 100 * np.sqrt(truth * (1 - truth) / n_eval[some] * 2 / np.pi)
        found["noise floor"][case.group] += floor.tolist()
        low, high = answers["ends"][place][some].T
        found["(held)"][case.group] += ((low <= truth) & (truth <= high)).astype(float).tolist()
        found["(width)"][case.group] += (100 * (high - low)).tolist()
    if not n:
        return
    held, width = mean(found.pop("(held)")), mean(found.pop("(width)"))
    for name, groups in found.items():
        ends = f"{held:.0%} | {width:.0f}" if name == "map" else " | "
        print(f"| {setting} | {n} | {name} | {mean(groups):.1f} | {ends} |")


def write(cases: Sequence[Trial], rounds: int) -> None:
    """Learn the map of all groups and write it into the package."""
    learnt = _learn.learn(cases)
    told = {
        "n_samples": len(cases), "n_groups": len({case.group for case in cases}),
        "n_rows": int(sum(len(case.right) for case in cases)), "encoders": list(ENCODERS),
        "sizes": list(SIZES), "command": f"benchmarks/domain_coverage.py --rounds {rounds} --write",
    }  # fmt: skip
    _map.write(replace(learnt, provenance=told), _map.SHIPPED)
    print(f"\nwrote {_map.SHIPPED.name}: {told}")


if __name__ == "__main__":
    main()
