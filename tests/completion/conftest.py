"""A small world of encoders and tasks with two skills."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from charz.completion._record import CELLS, ENCODERS, TASKS, Record, blank


def world(n_encoders: int = 40, n_tasks: int = 60, seed: int = 0, seen: float = 0.7) -> Record:
    """Return a record whose accuracies follow size and two hidden skills."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n_encoders)
    skills = np.column_stack(
        [size + 0.3 * rng.normal(size=n_encoders), rng.normal(size=n_encoders)]
    )
    classes = rng.integers(2, 20, n_tasks)
    needs = np.column_stack([0.3 + 0.1 * rng.normal(size=n_tasks), 0.3 * rng.normal(size=n_tasks)])
    level = 1.5 - 0.5 * np.log(classes) + 0.2 * rng.normal(size=n_tasks)
    truth = norm.cdf(level + skills @ needs.T + 0.03 * rng.normal(size=(n_encoders, n_tasks)))
    encoders = blank(ENCODERS, [f"org{n % 10}/e{n:02}" for n in range(n_encoders)])
    tasks = blank(TASKS, [f"t{n:02}" for n in range(n_tasks)])
    there = rng.random(truth.shape) < seen
    e, t = np.nonzero(there)
    cells = pd.DataFrame(
        {"encoder": encoders.index[e], "task": tasks.index[t], "value": truth[e, t],
         "sd": 0.02, "n_draws": 10}
    )  # fmt: skip
    assert set(CELLS) == set(cells.columns)
    return Record(cells, encoders.assign(n_params=np.exp(18 + size)),
                  tasks.assign(n_classes=classes))  # fmt: skip


@pytest.fixture(scope="session")
def record() -> Record:
    return world()
