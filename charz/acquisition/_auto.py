"""Auto: the strategy that simulated runs favour for a pool like this one.

Each strategy's gain over random labels, in points of the area under the learning curve up to 50,
100 or 200 labels, is taken as linear in a few facts of the pool that need no labels, so that the
choice stays the same as labels arrive on the way to one total. The weights, shrunk towards each
strategy's mean, were fitted to simulated runs that `benchmarks/label.py` makes again; they ship as
a small table with where they come from. The strategy that gained most on average is left only for
one that is expected to gain clearly more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.acquisition._clusters import clusters
from charz.acquisition._pool import squared_distances
from charz.paths import PACKAGE

if TYPE_CHECKING:
    from charz.acquisition._pool import Pool

NAME = "auto"
FACTS = ("log_rows", "log_dims", "axes", "nearest", "tightness", "skew")
"""What the choice hangs on: see `facts`."""
MOST = 1024
N_CLUSTERS = 20


@dataclass(frozen=True)
class Choice:
    """A strategy, and why it was chosen, in words."""

    strategy: str
    why: str


def facts(pool: Pool) -> dict[str, float]:
    """Return what is known of a pool without labels.

    Logarithms of its rows and of its dimensions; how many axes its spread fills, as a share of
    its dimensions; the median distance of a row to its nearest other one; the share of the spread
    that 20 clusters explain; and how uneven their sizes are, as the standard deviation over the
    mean. Of more than `MOST` rows, the first references.
    """
    Z = pool.directions[pool.references[:MOST]].astype(np.float64)
    D = squared_distances(Z, Z)
    np.fill_diagonal(D, np.inf)
    values = np.linalg.eigvalsh(Z.T @ Z if Z.shape[1] < len(Z) else Z @ Z.T).clip(0)
    total = float(values.sum())
    k = min(N_CLUSTERS, len(Z))
    of = clusters(Z, k, 0, NAME)
    sizes = np.bincount(of, minlength=k)
    within = sum(
        float(((Z[of == c] - Z[of == c].mean(axis=0)) ** 2).sum()) for c in range(k) if sizes[c]
    )
    nearest = np.sqrt(D.min(axis=1)) if len(Z) > 1 else np.zeros(1)
    return {
        "log_rows": float(np.log(len(pool))),
        "log_dims": float(np.log(Z.shape[1])),
        "axes": total**2 / float((values**2).sum()) / Z.shape[1] if total else 0.0,
        "nearest": float(np.median(nearest)),
        "tightness": 1 - within / total if total else 0.0,
        "skew": float(sizes.std() / sizes.mean()),
    }


def choose(pool: Pool, total: int, table: Mapping[str, Any] | None = None) -> Choice:
    """Return the strategy to take on the way to ``total`` labels."""
    table = table or shipped()
    gains = expected(facts(pool), total, table)
    name = favoured(gains, table)
    return Choice(
        name,
        f"expected to gain {gains[name]:.1f} points over random labels, by "
        f"{table['n_runs']} simulated runs on {table['n_datasets']} datasets",
    )


def favoured(gains: Mapping[str, float], table: Mapping[str, Any]) -> str:
    """Return the table's ``usual`` strategy, or one that gains more by over ``margin`` points.

    Examples
    --------
    >>> table = {"usual": "badge", "margin": 1.0}
    >>> favoured({"badge": 2.0, "margin": 2.9}, table), favoured({"badge": 2, "margin": 4}, table)
    ('badge', 'margin')
    """
    best = max(gains, key=lambda name: (gains[name], name))
    usual: str = table["usual"]
    return best if gains[best] - gains[usual] > table["margin"] else usual


def expected(known: Mapping[str, float], total: int, table: Mapping[str, Any]) -> dict[str, float]:
    """Return each strategy's expected gain over random, in points, on the way to ``total`` labels.

    Facts beyond what was measured count as its edge; of the totals, the nearest by ratio.

    Examples
    --------
    >>> weights = {"margin": [1.0, 2.0] + [0.0] * 5}
    >>> table = {"low": [0.0] * 6, "high": [1.0] * 6, "gains": {"50": weights}}
    >>> expected(dict.fromkeys(FACTS, 3.0), 40, table)
    {'margin': 3.0}
    """
    x = np.clip([known[name] for name in FACTS], table["low"], table["high"])
    nearest = min(table["gains"], key=lambda size: abs(np.log(total / int(size))))
    return {
        name: float(np.dot(weights, [1.0, *x])) for name, weights in table["gains"][nearest].items()
    }


@cache
def shipped() -> dict[str, Any]:
    """Return the table that charz ships, with where it comes from."""
    path = PACKAGE / "acquisition" / "shipped" / "auto.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
