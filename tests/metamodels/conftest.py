"""A registry with a known law, shared by the metamodels' tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def make(seed: int, n_groups: int, n_rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return features and (target, group, lineage) of ``n_groups * n_rows`` cells.

    The logit of the truth is the group's own level plus a slope on ``margin``; CV sees the
    truth with an optimism that ``rank`` explains, and binomial noise of n_train rows.
    """
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), n_rows)
    n = len(group)
    level = rng.normal(0.8, 0.6, n_groups)[group]
    margin, rank = rng.normal(size=n), rng.normal(size=n)
    n_train = rng.choice([16, 32, 64, 128, 256], n)
    truth = sigmoid(level + 0.5 * margin)
    seen = sigmoid(level + 0.5 * margin + 0.4 * rank)
    features = pd.DataFrame({"margin": margin, "rank": rank, "n_train": n_train, "n_eval": 500})
    features["cv"] = rng.binomial(n_train, seen) / n_train
    features["holed"] = np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n))
    features["nowhere"] = np.nan
    cells = pd.DataFrame({"group": group, "lineage": rng.integers(0, 6, n)})
    cells["target"] = rng.binomial(500, truth) / 500
    return features, cells


@pytest.fixture(scope="session")
def registry() -> tuple[pd.DataFrame, pd.DataFrame]:
    return make(0, 24, 20)


@pytest.fixture(scope="session")
def new_world() -> tuple[pd.DataFrame, pd.DataFrame]:
    return make(1, 24, 20)
