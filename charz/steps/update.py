"""Update: all pending work in order.

Subsets come before embeddings: which texts a fitted encoder must embed for a shifted eval
subset is only known once that subset is drawn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from charz import shelf
from charz.errors import InputError
from charz.records import Progress, Silence, Summary
from charz.steps import _units
from charz.store import Store

ORDER = ("subset", "embed", "probe", "characterize")


def run(
    store: Store,
    *,
    encoders: Sequence[str] = (),
    datasets: Sequence[str] = (),
    workers: int = 1,
    budget: float | None = None,
    dask: str | None = None,
    metric: str = "accuracy",
    progress: Progress | None = None,
) -> list[Summary]:
    """Bring the registry up to date and return what each step did.

    What an earlier step found damaged and set aside is made again in a second round.

    Parameters
    ----------
    encoders, datasets : sequences of str
        Names or patterns with ``*``; all when empty.
    workers : int
        Processes.
    budget : float, optional
        Seconds after which no unit begins; what is left waits for the next update.
    dask : str, optional
        Address of a Dask scheduler that does the units instead; see `_units.cluster`.
    metric : str
        What the metamodel that is fitted at the end predicts.

    Raises
    ------
    UnknownNameError
        When a pattern matches nothing.
    InputError
        When the budget is not positive, or no scheduler answers.
    """
    if budget is not None and budget <= 0:
        raise InputError(f"the budget of {budget} s is no time", "give e.g. 90s or 10m")
    deadline = time.monotonic() + budget if budget is not None else None
    progress = progress or Silence()
    chosen = {"encoders": encoders, "datasets": datasets, "workers": workers}
    with _units.cluster(dask):
        summaries = _round(store, chosen, deadline, progress)
        if any("set aside" in note for each in summaries for note in each.notes):
            summaries += _round(store, chosen, deadline, progress)
    if _can_fit(store, deadline):
        summaries.append(_step("fit")(store, metric=metric, progress=progress))
    return summaries


def _round(
    store: Store, chosen: dict[str, Any], deadline: float | None, progress: Progress
) -> list[Summary]:
    """Run every step once, in order."""
    summaries = []
    for step in ORDER:
        names = ("datasets",) if step == "subset" else tuple(chosen)
        given = {name: chosen[name] for name in names}
        summaries.append(_step(step)(store, deadline=deadline, progress=progress, **given))
    return summaries


def _step(name: str) -> Callable[..., Summary]:
    """Return the function of a step by its name: steps never import each other."""
    run: Callable[..., Summary] = shelf.step(name).run
    return run


def _can_fit(store: Store, deadline: float | None) -> bool:
    in_time = deadline is None or time.monotonic() < deadline
    return in_time and store.count("result") > 0 and store.count("feature_value") > 0
