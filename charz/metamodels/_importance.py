"""What a family of features is worth to a metamodel, on groups held out.

Two figures for each family, both rises of the held-out error:

- *permuted*: of the fitted metamodels, when the family's columns are shuffled together among
  the held-out rows of a setting (Breiman 2001; grouped after Gregorutti et al. 2015,
  arXiv 1411.4170): what the metamodel makes of the family;
- *dropped*: of metamodels fitted without the family: what no other family can stand in for.

A family that others can replace has a large first figure and a small second one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from charz import shelf
from charz.metamodels import _heldout, _judging, _link
from charz.metamodels._design import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from charz.metamodels._bundle import Table
    from charz.records import Floats, Ints

    Row = dict[str, Any]

REPEATS = 3
ESTIMATORS, OTHER = "estimators", "other"
FAMILIES = {
    "cross-validation": ("cv", "expected", "ridge_loo"),
    "transferability": ("fisher_ratio", "gbc", "h_score", "nleep", "parc", "sfda", "tmi",
                        "transrate", "logme", "label_alignment",
                        "silhouette", "simplex_gap", "class_spacing", "hubness"),
    "neighbours": ("knn", "centroid_agreement", "centroid_loo"),
    "geometry": ("anisotropy", "effective_rank", "participation_ratio", "spectrum_decay",
                 "intrinsic_dim", "n_dims"),
    "shift and coverage": ("coverage", "domain_auc", "frechet", "mmd", "prior_gap",
                           "prior_shift", "centroid_shift",
                           "knn_shift", "eval_radius"),
    "eval confidence": ("eval_confidence", "eval_entropy", "eval_margin", "eval_mano",
                        "eval_nuclear_norm"),
    "curve shape": ("curve_shape", "mdl"),
    "classes": ("balance", "majority_share", "minority_share", "n_classes"),
    "sizes": ("n_train", "n_eval", "n_target"),
}  # fmt: skip
"""Families by the beginnings of their features' names; the longest that fits decides."""


def family(name: str) -> str:
    """Return the family of a stored feature; estimators but for CV are one of their own.

    >>> family("n_train"), family("knn_loo_k5"), family("knn_shift_auc"), family("atc")
    ('sizes', 'neighbours', 'shift and coverage', 'estimators')
    """
    starts = {start: each for each, all_ in FAMILIES.items() for start in all_}
    starts |= {each: ESTIMATORS for each in shelf.names("estimators") if each != "cv"}
    fitting = [start for start in starts if name == start or name.startswith(f"{start}_")]
    return starts[max(fitting, key=len)] if fitting else OTHER


def families(features: pd.DataFrame) -> dict[str, list[str]]:
    """Return the columns of every family that has any."""
    found: dict[str, list[str]] = {}
    for name in map(str, features.columns):
        if not name.startswith(HIDDEN):
            found.setdefault(family(name), []).append(name)
    return dict(sorted(found.items()))


def rows(
    table: Table,
    item: str,
    least_eval: int = 0,
    *,
    n_folds: int | None = None,
    workers: int = 1,
    seed: int = 0,
    told: Callable[[str], None] | None = None,
) -> list[Row]:
    """Return one row per family and setting, judged on rows of ``least_eval`` eval rows.

    Returns
    -------
    list of dict
        ``setting, family, n_features, n_rows, n_groups, unit, mae, permuted, permuted_se,
        dropped, dropped_se``: the error with every feature, and how much it rises.
    """
    blocks = _heldout.blocks(table.groups, None, table.sources, "groups", n_folds)
    known = families(table.features)
    told = told or (lambda family: None)
    whole, shuffled = _permuted(table, item, blocks, known, (workers, seed))
    told("every feature permuted")
    judged = (table.features["n_eval"] >= least_eval).to_numpy()
    found: list[Row] = []
    for name, columns in known.items():
        rest = table.features.drop(columns=columns)
        lost = blocks.answers(item, rest, table.target, table.groups, workers)
        rises = {"permuted": shuffled[name], "dropped": np.abs(lost - table.target)}
        told(name)
        for setting in np.unique(table.settings[judged]).tolist():
            inside = judged & (table.settings == setting)
            facts = {"setting": setting, "family": name, "n_features": len(columns)}
            found.append(facts | _figures(table, np.abs(whole - table.target), rises, inside))
    return found


def _figures(table: Table, errors: Floats, rises: dict[str, Floats], inside: Any) -> Row:
    unit = 100.0 if _link.choose(table.target) == "share" else 1.0
    groups = table.groups[inside]
    mae = _judging.group_means(groups, errors[inside])[:, 0]
    found: Row = {
        "n_rows": int(inside.sum()),
        "n_groups": len(mae),
        "unit": "points" if unit > 1 else "metric",
        "mae": unit * float(mae.mean()),
    }
    for name, raised in rises.items():
        rise = _judging.group_means(groups, raised[inside] - errors[inside])[:, 0]
        found[name] = unit * float(rise.mean())
        found[f"{name}_se"] = _judging.number(unit * _judging.standard_error(rise))
    return found


def _permuted(
    table: Table,
    item: str,
    blocks: _heldout.Blocks,
    known: dict[str, list[str]],
    chance: tuple[int, int],
) -> tuple[Floats, dict[str, Floats]]:
    """Return held-out answers, and each family's mean error when it is shuffled, (rows,)."""
    import joblib

    workers, seed = chance
    whole = np.full(len(table.target), np.nan)
    errors = {name: np.full(len(table.target), np.nan) for name in known}
    do = joblib.delayed(_one_block)
    jobs = (
        do(item, _taken(table, trained), _taken(table, held), known, seed + number)
        for number, (held, trained) in enumerate(blocks.pairs)
    )
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        found = joblib.Parallel(n_jobs=workers, return_as="generator")(jobs)
        for (held, _), answers in zip(blocks.pairs, found, strict=True):
            whole[held] = answers.pop("")
            for name, error in answers.items():
                errors[name][held] = error
    return whole, errors


def _taken(table: Table, rows: Any) -> dict[str, Any]:
    return {
        "features": table.features[rows],
        "target": table.target[rows],
        "groups": table.groups[rows],
        "settings": table.settings[rows],
        "link": _link.choose(table.target),
    }


def _one_block(
    item: str,
    trained: dict[str, Any],
    held: dict[str, Any],
    known: dict[str, list[str]],
    seed: int,
) -> dict[str, Floats]:
    """Return a block's answers under "", and each family's mean error when it is shuffled."""
    module = shelf.load("metamodels", item)
    model = module.fit(*(trained[key] for key in ("features", "target", "groups", "link")))
    features: pd.DataFrame = held["features"]
    found: dict[str, Floats] = {"": module.predict(model, features)}
    for name, columns in known.items():
        rng = np.random.default_rng(seed)
        total = np.zeros(len(features))
        for _ in range(REPEATS):
            order = _shuffle(held["settings"], rng)
            shuffled = features.copy()
            shuffled[columns] = features[columns].to_numpy()[order]
            total += np.abs(module.predict(model, shuffled) - held["target"])
        found[name] = total / REPEATS
    return found


def _shuffle(settings: Any, rng: np.random.Generator) -> Ints:
    """Return an order of the rows that keeps each within its setting."""
    order = np.arange(len(settings))
    for setting in np.unique(settings):
        at = np.flatnonzero(settings == setting)
        order[at] = rng.permutation(at)
    return order
