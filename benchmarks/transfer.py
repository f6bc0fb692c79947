"""Does a task's likeness tell what pooling its rows brings? Judged with targets held out.

    python benchmarks/transfer.py REGISTRY --measure   draw and probe the pooled subsets
    python benchmarks/transfer.py REGISTRY             the figures, from what is measured

``REGISTRY`` has the lab's datasets and vectors, as ``benchmarks/reference.py`` makes it, and is
written to: give a copy. A gain is the accuracy with up to 512 rows of another dataset of the
label family added, less that without, on the same eval rows, mean over the draws. Who predicts it
has seen no gain of the target's group; ``additive`` alone has seen the target's other gains (the
source effect plus the target effect of 2211.00107) and is no forecast.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import spearmanr

import charz
from charz.cli import _progress
from charz.features import frechet
from charz.sample import Sample
from charz.steps import _gains, _tasks, probe, subset
from charz.steps._gains import Gain
from charz.store import Store
from charz.tasks import cosine

ENCODERS = ("static:wordllama?dims=256", "static:glove")
SIZES = (16, 64, 256)
KINDS = ("text_mean", "fisher", "class_means")
SIGNS = (*KINDS, "frechet")
Pair = tuple[str, str]
Predict = Callable[[Gain], float]
Fit = Callable[[Sequence[Gain]], Predict]
MOST_COMPARED = 300
"""Rows of each side whose Frechet distance is taken."""


def main() -> None:
    """Measure, or print one table per encoder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("registry")
    parser.add_argument("--encoder", action="append", help="a spec; default: the two static ones")
    parser.add_argument("--measure", action="store_true")
    given = parser.parse_args()
    encoders = tuple(given.encoder or ENCODERS)
    with charz.open(given.registry) as store:
        if given.measure:
            _measure(store, encoders)
            return
        for spec in encoders:
            _report(store, spec)


def _measure(store: Store, encoders: Sequence[str]) -> None:
    plan = {"sizes": SIZES, "n_seeds": 2, "probes": ["logistic"]}
    subset.protocol(store, "pooled", sampler="pooled", parameters={"most": 512}, **plan)
    subset.run(store)
    with _progress.shown() as progress:
        print(probe.run(store, encoders=encoders, protocols=["pooled"], progress=progress))


def _report(store: Store, spec: str) -> None:
    encoder_id = store.get("encoder", spec=spec)["id"]
    tasks = {task.facts["name"]: task for task in _tasks.all_of(store, encoder_id, KINDS)}
    families = sorted({str(task.facts["label_family"]) for task in tasks.values()})
    gains = [each for family in families for each in _gains.measured(store, encoder_id, family)]
    if not gains:
        print(f"{spec}: nothing is measured; run with --measure first")
        return
    pairs = {(each.target, each.source) for each in gains}
    rows = {name: _rows(store, tasks[name]) for pair in pairs for name in pair}
    signs = {pair: _signs(tasks, rows, pair) for pair in pairs}
    print(f"\n{spec}: {len(pairs)} pairs, {len({each.group for each in gains})} target groups")
    print("| rows | gains | mean | helped | who | MAE | Spearman | NDCG | regret@1 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for size in SIZES:
        here = [each for each in gains if each.n_train == size]
        for name, fit in _fits(signs).items():
            _line(here, size, name, fit)


def _rows(store: Store, task: _tasks.Task) -> np.ndarray:
    X = store.artifacts.array(task.facts["vectors_hash"])
    return np.asarray(X[_tasks.sample(len(X))], dtype=np.float64)


def _signs(
    tasks: dict[str, _tasks.Task], rows: dict[str, np.ndarray], pair: Pair
) -> dict[str, float]:
    """Return what is known of a pair before anything is trained: the larger the more alike."""
    target, source = (tasks[name] for name in pair)
    found = {kind: cosine(target.vectors[kind], source.vectors[kind]) for kind in KINDS}
    X, Z = (rows[name][:MOST_COMPARED] for name in pair)
    y = np.arange(len(X)) % 2
    distance = frechet.compute(Sample(X, y, Z))
    return found | {"frechet": -math.log(max(distance, 1e-9))}


def _fits(signs: dict[Pair, dict[str, float]]) -> dict[str, Fit]:
    """Return who predicts, by name: each learns from the gains seen."""
    found: dict[str, Fit] = {"none (0)": lambda seen: lambda asked: 0.0, "constant": _constant}
    found["source effect"] = _source
    for names in (*([name] for name in SIGNS), SIGNS):
        label = names[0] if len(names) == 1 else "all four"
        found[label] = lambda seen, names=names: _ridge(signs, names, seen)
    return found | {"additive": _additive}


def _constant(seen: Sequence[Gain]) -> Predict:
    mean = float(np.mean([each.mean for each in seen])) if seen else 0.0
    return lambda asked: mean


def _source(seen: Sequence[Gain]) -> Predict:
    by_source, mean = defaultdict(list), _constant(seen)
    for each in seen:
        by_source[each.source].append(each.mean)
    effects = {source: float(np.mean(gains)) for source, gains in by_source.items()}
    return lambda asked: effects.get(asked.source, mean(asked))


def _additive(seen: Sequence[Gain]) -> Predict:
    """Add the target's mean lead over what its other sources bring elsewhere."""
    by_source = _source(seen)

    def predict(asked: Gain) -> float:
        leads = [each.mean - by_source(each) for each in seen if each.target == asked.target]
        return by_source(asked) + (float(np.mean(leads)) if leads else 0.0)

    return predict


def _ridge(
    signs: dict[Pair, dict[str, float]], names: Sequence[str], seen: Sequence[Gain]
) -> Predict:
    """Regress the gains seen on standardised signs, penalty 1 on each."""

    def row(gain: Gain) -> list[float]:
        return [signs[gain.target, gain.source][name] for name in names]

    X = np.nan_to_num(np.array([row(each) for each in seen]))
    y = np.array([each.mean for each in seen])
    center, spread = X.mean(axis=0), X.std(axis=0)
    scale = np.where(spread > 0, spread, 1)
    Z = (X - center) / scale
    weights = np.linalg.solve(Z.T @ Z + np.eye(len(names)), Z.T @ (y - y.mean()))
    return lambda asked: float(
        y.mean() + (np.nan_to_num(np.array(row(asked))) - center) / scale @ weights
    )


def _line(gains: Sequence[Gain], size: int, name: str, fit: Fit) -> None:
    """Print how one predictor does, targets weighing the same."""
    errors, by_target = defaultdict(list), defaultdict(list)
    held_out = {
        group: fit([each for each in gains if each.group != group])
        for group in {each.group for each in gains}
    }
    for asked in gains:
        predict = held_out[asked.group]
        if name == "additive":  # has seen the target's other sources
            predict = fit([each for each in gains if each is not asked])
        value = predict(asked)
        errors[asked.group].append(abs(value - asked.mean))
        by_target[asked.target].append((value, asked.mean))
    mae = 100 * np.mean([np.mean(each) for each in errors.values()])
    truth = np.array([each.mean for each in gains])
    ranked = [_ranking(np.array(each)) for each in by_target.values() if len(each) >= 3]
    flat = name in ("none (0)", "constant")  # they put no source before another
    rho, ndcg, regret = (0.0, 0.0, 0.0) if flat else np.nanmean(np.array(ranked), axis=0)
    cells = ["", "", ""] if flat else [f"{rho:.2f}", f"{ndcg:.3f}", f"{100 * regret:.1f}"]
    head = f"| {size} | {len(gains)} | {100 * truth.mean():+.1f} | {(truth > 0).mean():.0%} "
    print(f"{head}| {name} | {mae:.1f} | {' | '.join(cells)} |")


def _ranking(pairs: np.ndarray) -> tuple[float, float, float]:
    """Return Spearman, NDCG and regret@1 of the sources of one target."""
    guess, truth = pairs.T
    rho = spearmanr(guess, truth).statistic if np.ptp(guess) and np.ptp(truth) else math.nan
    order, best = np.argsort(-guess, kind="stable"), np.sort(truth)[::-1]
    worth, discount = truth - truth.min(), 1 / np.log2(np.arange(len(truth)) + 2)
    ideal = float((best - truth.min()) @ discount)
    ndcg = float(worth[order] @ discount) / ideal if ideal > 0 else math.nan
    return rho, ndcg, float(best[0] - truth[order[0]])


if __name__ == "__main__":
    main()
