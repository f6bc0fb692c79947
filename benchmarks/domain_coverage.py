"""Does what labels cover of a domain tell where a probe errs? Judged with dataset groups held out.

    python benchmarks/domain_coverage.py REGISTRY [--rounds 1] [--final] [--write]

``REGISTRY`` has datasets and vectors, as ``benchmarks/reference.py`` makes it, and is only read.
Each round takes every dataset once, under one of four encoders and with 64 to 512 labelled rows
drawn from its training split, and asks for the regions of its test split and of those of two other
datasets with the same labels (``shift``). The truth of a region is the share of its eval rows
that the probe answers rightly. Prints

- the rank correlation (Spearman) over the regions of a sample between a number and the error, mean
  over groups of datasets: of the map that had not seen the group, of maps of other columns, and of
  single numbers. ``ceiling`` is what the true accuracies would reach, since
  errors are counted on few rows: the root of their reliability, by halves, Spearman-Brown;
- how far the expected accuracy is off, beside cross-validation and the probe's mean confidence,
  and how often its interval holds the truth.

Groups put away (a fifth, by a hash of their names) take no part unless ``--final`` judges them, by
a map of the others. ``--write`` learns the map of all groups that ships.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from put_away import is_put_away
from scipy.stats import spearmanr

import charz
from charz.regions import _learn, _map, _rows, _seen, _space
from charz.regions._learn import Case
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
OTHERS = {
    "map, probe alone": _seen.PROBE, "map, geometry alone": _seen.GEOMETRY,
    "map, confidence alone": ("confidence", *_seen.OF_SAMPLE),
}  # fmt: skip
"""What the map is set beside: maps of other columns."""
LEAST_ROWS, LEAST_REGIONS = 10, 4
"""What counts: regions of so many eval rows, samples of so many such regions."""
LEVEL = 0.9


def main() -> None:
    """Measure, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("registry")
    parser.add_argument("--rounds", type=int, default=1, choices=(1, 2, 3, 4))
    parser.add_argument("--final", action="store_true", help="judge the groups put away, once")
    parser.add_argument("--write", action="store_true", help="write the map that ships")
    given = parser.parse_args()
    with charz.open(given.registry) as store:
        wanted = given.final or given.write
        cases = list(measure(store, given.rounds, put_away=wanted))
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


def measure(store: Store, rounds: int, *, put_away: bool) -> Iterator[Case]:
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
            places = dict.fromkeys((2 * turn + step) % len(family) for step in range(2) if family)
            others = [family[place] for place in places]
            yield from samples(store, encoder, size, each, others)


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
    store: Store, encoder: int, size: int, dataset: dict[str, Any], others: list[dict[str, Any]]
) -> Iterator[Case]:
    """Yield a dataset's own sample and the shifted ones: one training sample, several evals."""
    y, X = labels(store, dataset["id"], "train"), vectors(store, encoder, dataset["id"], "train")
    seed = number(f"{dataset['name']}{encoder}") % 2**32
    rows = np.random.default_rng(seed).permutation(len(y))[:size]
    present = np.unique(y[rows])
    if len(present) < 2:
        return
    codes = np.searchsorted(present, y[rows])
    asked = [dataset, *others]
    evals = [vectors(store, encoder, each["id"], "test") for each in asked]
    made = Sample.several(X[rows], codes, evals, len(present))
    for sample, each in zip(made, asked, strict=True):
        found = _rows.describe(sample)
        space = _space.divide(sample.X_train, sample.X_eval, _space.usual(sample.n_eval))
        right = present[found.choice] == labels(store, each["id"], "test")
        groups = frozenset({each["group_name"], dataset["group_name"]})
        yield Case(_seen.see(sample, found, space), right, each["group_name"], groups)


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


def held_out(cases: Sequence[Case]) -> Answers:
    """Return what maps that had not seen a case's groups expect, and the ends of intervals."""
    groups = sorted({case.group for case in cases})
    found: Answers = {name: [np.empty(0)] * len(cases) for name in ("map", *OTHERS, "ends")}
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


def away_from(known: Sequence[Case], cases: Sequence[Case]) -> Answers:
    """Return what a map of ``known`` expects of other cases."""
    learnt = _learn.learn(known)
    others = {name: _learn.fit(known, columns) for name, columns in OTHERS.items()}
    expected = [_learn.regions(learnt, case.seen) for case in cases]
    return {
        "map": expected,
        **{
            name: [_learn.regions(one, case.seen) for case in cases] for name, one in others.items()
        },
        "ends": [
            _map.interval(learnt, case.seen, answer, LEVEL)
            for case, answer in zip(cases, expected, strict=True)
        ],
    }


def numbers(case: Case) -> dict[str, np.ndarray]:
    """Return single numbers of every region, each larger where less error is to be expected."""
    facts = dict(zip(_seen.COLUMNS, _seen.columns(case.seen).T, strict=True))
    confidence = 1 / (1 + np.exp(-facts["confidence"]))
    told = {
        "covered share": facts["covered"], "nearest distance": -facts["nearest"],
        "mean confidence": confidence, "neighbours' votes": facts["votes"],
        "labels in region": facts["region_labels"],
    }  # fmt: skip
    return {name: by_region(case, values) for name, values in told.items()}


def by_region(case: Case, values: np.ndarray) -> np.ndarray:
    """Return the mean of each region."""
    return _map.means(np.asarray(values, float), case.seen.eval_region, case.seen.n_regions)


def counted(case: Case) -> np.ndarray:
    """Return the regions that count."""
    n_eval = np.bincount(case.seen.eval_region, minlength=case.seen.n_regions)
    some = np.flatnonzero(n_eval >= LEAST_ROWS)
    return some if len(some) >= LEAST_REGIONS else some[:0]


def halves(case: Case, some: np.ndarray) -> float:
    """Return the rank correlation of the regions' accuracies on one half and the other."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(5):
        first = rng.random(len(case.right)) < 0.5
        sides = [
            _map.means(case.right[side].astype(float), case.seen.eval_region[side],
                       case.seen.n_regions)[some]
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


def show(title: str, cases: Sequence[Case], answers: Answers) -> None:
    """Print both tables, same domain and shift apart."""
    print(f"\n{title}\n")
    print("| setting | samples | groups | number | Spearman | standard error | at -0.5 or below |")
    print("|---|---|---|---|---|---|---|")
    for setting in ("same", "shift"):
        places = [
            place for place, case in enumerate(cases)
            if (len(case.others) > 1) == (setting == "shift") and len(counted(case))
        ]  # fmt: skip
        if places:
            correlations(setting, cases, answers, places)
    print("\n| setting | regions | expected by | error, points | truths in 90% intervals | width |")
    print("|---|---|---|---|---|---|")
    for setting in ("same", "shift"):
        errors(setting, cases, answers)


def correlations(
    setting: str, cases: Sequence[Case], answers: Answers, places: Sequence[int]
) -> None:
    """Print a line per number."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for place in places:
        case, some = cases[place], counted(cases[place])
        wrong = 1 - by_region(case, case.right)[some]
        told = {name: answers[name][place] for name in ("map", *OTHERS)}
        for name, values in {**told, **numbers(case)}.items():
            found[name][case.group].append(ranked(values[some], wrong))
        found["(halves)"][case.group].append(halves(case, some))
    reliable = mean(found.pop("(halves)"))
    ceiling = -np.sqrt(max(2 * reliable / (1 + reliable), 0))
    for name, groups in found.items():
        every = np.array([value for values in groups.values() for value in values])
        every = every[np.isfinite(every)]
        facts = f"{setting} | {len(every)} | {len(groups)} | {name} | {mean(groups):.2f}"
        print(f"| {facts} | {spread(groups):.2f} | {(every <= -0.5).mean():.0%} |")
    print(f"| {setting} | {len(places)} | {len(groups)} | ceiling | {ceiling:.2f} |  |  |")


def mean(groups: dict[str, list[float]]) -> float:
    """Return the mean over groups of their means."""
    own = [np.nanmean(values) for values in groups.values() if np.isfinite(values).any()]
    return float(np.mean(own))


def spread(groups: dict[str, list[float]]) -> float:
    """Return the standard error of that mean over groups."""
    own = [np.nanmean(values) for values in groups.values() if np.isfinite(values).any()]
    return float(np.std(own, ddof=1) / np.sqrt(len(own))) if len(own) > 1 else np.nan


def errors(setting: str, cases: Sequence[Case], answers: Answers) -> None:
    """Print how far expectations are off, and how often intervals hold the truth."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    n = 0
    for place, case in enumerate(cases):
        n_eval = np.bincount(case.seen.eval_region, minlength=case.seen.n_regions)
        some = np.flatnonzero(n_eval >= LEAST_ROWS)
        if (len(case.others) > 1) != (setting == "shift") or not len(some):
            continue
        n += len(some)
        truth = by_region(case, case.right)[some]
        told = {
            **{name: answers[name][place][some] for name in ("map", *OTHERS)},
            "mean confidence": numbers(case)["mean confidence"][some],
            "cross-validation": np.full(len(some), case.seen.right.mean()),
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


def write(cases: Sequence[Case], rounds: int) -> None:
    """Learn the map of all groups and write it into the package."""
    from dataclasses import replace

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
