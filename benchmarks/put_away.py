"""Judge the metamodel on dataset groups that no choice of its form was made on.

    python benchmarks/put_away.py REGISTRY [--metric accuracy] [--workers 2]

A fifth of the groups, chosen by a hash of their names, was put away before the form of the
metamodel that ships was settled; everything was compared on the others. Prints, for both parts, the
mean absolute error of the metamodel, of cross-validation and of the constant by size, groups and
lineages held out together.
"""

from __future__ import annotations

import argparse
import hashlib

import numpy as np

import charz
from charz.metamodels import _bundle, _judging, _judging_table
from charz.steps import evaluate

ONE_IN = 5
METHODS = ("mixture", "mixture_told", "cv", "constant")


def is_put_away(group: str) -> bool:
    """Return whether a group is one of the fifth.

    >>> is_put_away("banking77"), is_put_away("trec6")
    (True, False)
    """
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % ONE_IN == 0


def main() -> None:
    """Judge once, print both parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("registry")
    parser.add_argument("--metric", default="accuracy", choices=evaluate.METRICS)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    with charz.open(given.registry) as store:
        table = evaluate.read(store, given.metric)
    found = _judging_table.judge(
        table, ["mixture"], ["both"], n_folds=evaluate.FOLDS, workers=given.workers
    )
    show(table, found)


def show(table: _bundle.Table, found: list[_judging_table.Judged]) -> None:
    """Print one row per part, setting and size."""
    away = np.array([is_put_away(group) for group in table.groups.tolist()])
    judged = _judging_table.is_judged(table, _judging_table.least_eval(table, None))
    answers = {each.method: each for each in found if each.method in METHODS}
    n_train = table.features["n_train"].to_numpy()
    unit = 100 if table.target.max() <= 1 else 1
    print("| groups | setting | rows | n groups | " + " | ".join(METHODS) + " | covers |")
    print("|" + "---|" * (len(METHODS) + 5))
    for name, part in (("put away", away), ("others", ~away)):
        some = np.flatnonzero(part & judged)
        for where, inside in _judging.parts(table.settings[some], n_train[some]):
            rows = some[inside]
            groups, y = table.groups[rows], table.target[rows]
            shown = [_error(answers[method].answer[rows], y, groups) for method in METHODS]
            ends = answers["mixture"].ends[rows]
            covered = ((ends[:, 0] <= y) & (y <= ends[:, 1])).astype(float)
            by_group = _judging.group_means(groups, covered)
            facts = [name, where["setting"], where["bucket"], str(len(by_group))]
            errors = [f"{unit * error:.2f}" for error in shown]
            print("| " + " | ".join([*facts, *errors, f"{by_group.mean():.0%}"]) + " |")


def _error(answer: np.ndarray, y: np.ndarray, groups: np.ndarray) -> float:
    """Return the mean over groups of the mean absolute error, where an answer is defined."""
    known = np.isfinite(answer)
    errors = _judging.group_means(groups[known], np.abs(answer[known] - y[known]))
    return float(errors.mean())


if __name__ == "__main__":
    main()
