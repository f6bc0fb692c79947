"""What would keep `charz label` from doing worse than random labels anywhere, and what it costs.

    python benchmarks/label_floor.py REGISTRY [--dataset NAME ...] [--remedy NAME ...]

REGISTRY holds the runs of `benchmarks/label.py`, of random labels and of uncertainty herding. Each
remedy labels the same pools: part of a round's rows are random and herding picks the others, so
as to cover what those leave; from the second round on perhaps only where the labels so far say
that a probe has learned nothing. ``share`` picks as herding does, and moves the probe's
probabilities to the class shares in which a labelled row stands for the pool's rows nearest to
it. Groups kept aside by `label_gain.untouched` are reported last.
"""

from __future__ import annotations

import argparse
import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import label
import numpy as np
import pandas as pd
import sqlalchemy as sa
from label_gain import untouched

import charz
from charz import shelf
from charz.acquisition import _simulate, max_herding, uncertainty_herding
from charz.acquisition._cover import greedy
from charz.acquisition._pool import Pool, squared_distances
from charz.probes import logistic
from charz.records import Draw
from charz.samplers import _random
from charz.schema import Dataset, Encoder, Protocol, Result, Subset
from charz.steps import _arrays, _examples
from charz.store import Store

USUAL = "uncertainty_herding"


@dataclass(frozen=True)
class Remedy:
    """Shares of random rows by round, and of those after the first whether to look at labels."""

    shares: Sequence[float]
    looks: bool = False
    moves_shares: bool = False


REMEDIES = {
    "third_first": Remedy((1 / 3, 0, 0, 0, 0)),
    "third_twice": Remedy((1 / 3, 1 / 3, 0, 0, 0)),
    "third": Remedy((1 / 3,) * 5),
    "half": Remedy((1 / 2,) * 5),
    "random_first": Remedy((1, 0, 0, 0, 0)),
    "looks": Remedy((0, 1, 1, 1, 1), looks=True),
    "third_looks": Remedy((1 / 3, 1 / 2, 1 / 2, 1 / 2, 1 / 2), looks=True),
    "share": Remedy((0,) * 5, moves_shares=True),
}


@dataclass(frozen=True)
class Space:
    """The whole training split and the eval rows of a dataset under an encoder."""

    X: np.ndarray
    y: np.ndarray
    n_classes: int
    X_eval: np.ndarray
    y_eval: np.ndarray


def spaces(store: Store, datasets: Sequence[str]) -> Iterator[tuple[dict, list[int], Space]]:
    """Yield names, seeds and arrays of every pool that has random runs."""
    query = (
        sa.select(
            Dataset.name.label("dataset"), Dataset.id.label("dataset_id"), Dataset.n_classes,
            Dataset.group_name.label("group"), Encoder.spec.label("encoder"),
            Encoder.id.label("encoder_id"), Protocol.parameters, Subset.seed, Subset.id,
            Subset.split_id, Result.eval_subset_id,
        )
        .join_from(Result, Subset, Subset.id == Result.train_subset_id)
        .join(Dataset, Dataset.id == Subset.labels_of_id)
        .join(Encoder, Encoder.id == Result.encoder_id)
        .join(Protocol, Protocol.id == Subset.protocol_id)
        .where(Protocol.sampler == "acquired", Result.n_train == label.ROUNDS[-1])
        .order_by(Dataset.name, Encoder.spec, Subset.seed)
    )  # fmt: skip
    rows = pd.DataFrame([dict(row) for row in store.rows(query)])
    rows = rows[[each["strategy"] == "random" for each in rows.parameters]]
    rows = rows[[not datasets or any(fnmatch.fnmatch(name, pattern) for pattern in datasets)
                 for name in rows.dataset]]  # fmt: skip
    for _, part in rows.groupby(["dataset", "encoder"]):
        first = part.iloc[0]
        arrays = _arrays.Arrays(store, int(first.encoder_id), int(first.dataset_id))
        evals = arrays.draw(int(first.eval_subset_id))
        labels = _examples.labels(store, store.get("split", id=int(first.split_id)))
        space = Space(
            arrays.vectors(int(first.id)), np.unique(labels, return_inverse=True)[1],
            int(first.n_classes), arrays.vectors(int(first.eval_subset_id))[evals.rows],
            evals.labels,
        )  # fmt: skip
        yield first[[*label.POOL]].to_dict(), part.seed.tolist(), space


def labelled(pool: Pool, y: np.ndarray, remedy: Remedy, seed: int) -> np.ndarray:
    """Return the rows that a remedy labels, in order."""
    random = shelf.load("acquisition", "random")
    for place, (size, share) in enumerate(zip(label.ROUNDS, remedy.shares, strict=True)):
        n_picks = size - len(pool.rows)
        n_random = round(share * n_picks)
        if remedy.looks and place and has_learned(pool):
            n_random = 0
        chance = random.pick(pool, n_random, seed).rows
        rows = [pool.rows, chance, herded(pool, chance, n_picks - n_random, seed)]
        pool = replace(pool, rows=np.concatenate(rows), y=y[np.concatenate(rows)])
    return pool.rows


def has_learned(pool: Pool) -> bool:
    """Return whether cross-validation beats the largest class of the labels."""
    if pool.n_seen < 2:
        return False
    known = pool.labelled
    (answer,) = logistic.predict(pool.X, [known], [pool.X[:1]], pool.n_classes)
    told = (answer.cv_probabilities.argmax(axis=1) == known.labels).mean()
    return bool(told > np.bincount(known.labels).max() / len(known.labels))


def herded(pool: Pool, chance: np.ndarray, n_picks: int, seed: int) -> np.ndarray:
    """Return what herding picks where the rows of ``chance`` will be labelled too."""
    if not len(chance):
        return _simulate.batch(pool, n_picks, USUAL, seed).picks.rows
    blank = np.zeros(len(pool.rows) + len(chance), dtype=np.int64)
    more = replace(pool, rows=np.concatenate([pool.rows, chance]), y=blank)
    n_picks = more.spare(n_picks)
    if pool.n_seen < 2:
        return max_herding.pick(more, n_picks, seed).rows
    u = uncertainty_herding.uncertainty(pool)
    u[np.isin(pool.references, chance)] = 0
    kernels = max_herding.kernels(more, uncertainty_herding.width(pool))
    return more.candidates[greedy(*kernels, u, n_picks)[0]]


def accuracies(pool: Pool, rows: np.ndarray, y: np.ndarray, space: Space, moves: bool) -> dict:
    """Return accuracy in points by number of labels."""
    draws = [Draw(rows[:n], y[rows[:n]]) for n in label.ROUNDS if n <= len(rows)]
    answers = logistic.predict(pool.X, draws, [space.X_eval], space.n_classes)
    found = {}
    for draw, answer in zip(draws, answers, strict=True):
        P = answer.probabilities[0] * (moved(pool, draw, space.n_classes) if moves else 1)
        found[len(draw.rows)] = 100 * (P.argmax(axis=1) == space.y_eval).mean()
    return found


def moved(pool: Pool, draw: Draw, n_classes: int) -> np.ndarray:
    """Return each class's share of the pool over that of the labels, by the nearest labelled row.

    Half a row is added to both for every class that was seen.
    """
    near = squared_distances(pool.directions, pool.directions[draw.rows]).argmin(axis=1)
    stands = np.bincount(near, minlength=len(draw.rows)) / len(pool)
    seen = np.bincount(draw.labels, minlength=n_classes)
    part = len(draw.rows) * np.bincount(draw.labels, weights=stands, minlength=n_classes)
    half = 0.5 * (seen > 0)
    return np.divide(part + half, seen + half, out=np.zeros(n_classes), where=seen > 0)


def simulated(store: Store, given: argparse.Namespace) -> pd.DataFrame:
    """Return accuracy by pool, seed, remedy and labels."""
    none, found = np.array([], dtype=np.int64), []
    for names, seeds, space in spaces(store, given.dataset):
        for seed in seeds:
            n = len(space.X)
            part = np.sort(_random.permutation(n, seed, "pool")[: round(label.SHARE * n)])
            pool = Pool(space.X[part], none, none, space.n_classes, seed)
            y = space.y[part]
            for name in given.remedy or REMEDIES:
                remedy = REMEDIES[name]
                rows = labelled(pool, y, remedy, seed)
                points = accuracies(pool, rows, y, space, remedy.moves_shares)
                found += [names | {"seed": seed, "strategy": name, "n": n, "accuracy": accuracy}
                          for n, accuracy in points.items()]  # fmt: skip
        print(names["dataset"], names["encoder"], flush=True)
    return pd.DataFrame(found)


def main() -> None:
    """Simulate and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("registry", help="SQLite file or database URL")
    parser.add_argument("--dataset", action="append", default=[])
    parser.add_argument("--remedy", action="append", default=[], choices=REMEDIES)
    given = parser.parse_args()
    with charz.open(given.registry) as store:
        found = simulated(store, given)
        known = label.results(store)
    known = known[known.strategy.isin(["random", USUAL])]
    gains = label.areas(pd.concat([found, known[found.columns]]))
    gains = gains.merge(found[["dataset", "encoder", "seed"]].drop_duplicates())
    kept = gains.group.map(untouched).astype(bool)
    for title, part in (("groups to choose by", gains[~kept]), ("untouched groups", gains[kept])):
        if not len(part):
            continue
        label.report(title, part)
        usual = part[part.strategy == USUAL]
        for name, mine in part.groupby("strategy"):
            print(f"\n{name}")
            label.doubtful(mine, usual)


if __name__ == "__main__":
    main()
