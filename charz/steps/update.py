"""Update: all pending work in order.

Subsets come before embeddings: which texts a fitted encoder must embed for a shifted eval
subset is only known once that subset is drawn.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from charz import shelf
from charz.errors import InputError
from charz.records import Progress, Silence, Summary
from charz.steps import _units
from charz.store import Store

ORDER = ("subset", "embed", "probe", "characterize")
PLANNED = "mteb"
"""The protocol whose cells are planned."""


def run(
    store: Store,
    *,
    encoders: Sequence[str] = (),
    datasets: Sequence[str] = (),
    workers: int = 1,
    budget: float | None = None,
    dask: str | None = None,
    metric: str = "accuracy",
    plan: bool = False,
    record: str = "best",
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
    plan : bool
        Run cells of the protocol ``mteb`` one after the other instead, each the one that
        `charz.steps.plan` puts first given all results so far, until none is worth it. No
        metamodel is fitted.
    record : {"best", "own", "shipped"}
        What a plan goes by, see `charz.steps._models.model`.

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
        if plan:
            return _follow(store, chosen, record, deadline, progress)
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


def _follow(
    store: Store, chosen: dict[str, Any], record: str, deadline: float | None, progress: Progress
) -> list[Summary]:
    """Run the cell that is planned next, until none is or the time is up.

    What is planned follows from the results that are there, so a stopped run goes on where it was.
    """
    shelf.step("subset").protocol(store, PLANNED)
    tried: set[tuple[str, str]] = set()
    summaries: list[Summary] = []
    where = {name: chosen[name] for name in ("encoders", "datasets")}
    while deadline is None or time.monotonic() < deadline:
        cell = shelf.step("plan").following(store, tried, record=record, **where)
        if cell is None:
            break
        tried.add(cell)
        given: dict[str, Any] = {"deadline": deadline, "progress": progress}
        on = {"encoders": [cell[1]], "datasets": [cell[0]], "workers": chosen["workers"]}
        summaries.append(_step("subset")(store, datasets=[cell[0]], **given))
        summaries.append(_step("embed")(store, **on, **given))
        summaries.append(_step("probe")(store, **on, **given, protocols=[PLANNED]))
    return _together(summaries)


def _together(summaries: Sequence[Summary]) -> list[Summary]:
    """Return one summary for each step of several."""
    found: dict[str, Summary] = {}
    for each in summaries:
        own = found.get(each.step, Summary(each.step, unit=each.unit))
        found[each.step] = Summary(
            each.step, own.done + each.done, own.failed + each.failed, own.left + each.left,
            own.seconds + each.seconds, each.unit, own.notes + each.notes,
            dict(Counter(own.counts) + Counter(each.counts)),
        )  # fmt: skip
    return list(found.values())


def _step(name: str) -> Callable[..., Summary]:
    """Return the function of a step by its name: steps never import each other."""
    run: Callable[..., Summary] = shelf.step(name).run
    return run


def _can_fit(store: Store, deadline: float | None) -> bool:
    in_time = deadline is None or time.monotonic() < deadline
    return in_time and store.count("result") > 0 and store.count("feature_value") > 0
