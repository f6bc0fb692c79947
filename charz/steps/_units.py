"""Units of work: run them here or on several workers, and remember what failed.

A unit is one encoder (or checkpoint) on one dataset: its arrays are loaded once and its rows
are written by whoever did it, so a killed run loses at most the units under way.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from charz import store as stores
from charz.errors import CharzError
from charz.records import Progress, Summary
from charz.store import Store


@dataclass(frozen=True)
class Unit:
    """A piece of work: ``name`` for people and for the failure table, ``what`` for the worker."""

    name: str
    what: Any
    size: int = 1


@dataclass(frozen=True)
class Report:
    """How a unit ended: ``error`` is None when it went well, ``late`` when time had run out."""

    unit: Unit
    error: str | None = None
    late: bool = False


Work = Callable[[Store, Any], None]

_GOLDEN = (5**0.5 - 1) / 2


def run(
    step: str,
    store: Store,
    work: Work,
    units: Sequence[Unit],
    *,
    noun: str,
    workers: int = 1,
    deadline: float | None = None,
    progress: Progress,
) -> Summary:
    """Do every unit and return what came of it.

    ``work(store, unit.what)`` does one unit and writes its rows. A unit that raises is
    recorded as failed and the others go on; one that would begin after ``deadline`` (a
    `time.monotonic` value) is left for the next run.
    """
    began = time.monotonic()
    progress.start(step, sum(unit.size for unit in units), noun)
    done = failed = left = 0
    notes = []
    mine = _rotated(units, store.run_id or 0)
    for report in _reports(step, store, work, mine, workers, deadline):
        if report.late:
            left += report.unit.size
        elif report.error is not None:
            failed += report.unit.size
            notes.append(f"{report.unit.name}: {report.error}")
            progress.warn(f"{step} {report.unit.name}: {report.error}")
        else:
            done += report.unit.size
            progress.advance(report.unit.size, report.unit.name)
    seconds = time.monotonic() - began
    return Summary(step, done, failed, left, seconds, noun, tuple(notes))


def _rotated(units: Sequence[Unit], run_id: int) -> list[Unit]:
    """Return the units in order from a place of the run's own.

    Runs at the same time would else do the same units side by side. Multiples of the golden
    ratio lie far apart on a circle, however many there are.
    """
    start = int(len(units) * (run_id * _GOLDEN % 1))
    return [*units[start:], *units[:start]]


def _reports(
    step: str,
    store: Store,
    work: Work,
    units: Sequence[Unit],
    workers: int,
    deadline: float | None,
) -> Iterator[Report]:
    if workers <= 1:
        for unit in units:
            yield _do(step, store, work, unit, deadline)
    elif len(units) == 1:
        import threadpoolctl

        # As many threads as a worker has: their number shows in the last bits of a sum.
        with threadpoolctl.threadpool_limits(_threads(workers)):
            yield _do(step, store, work, units[0], deadline)
    elif units:
        import joblib

        # Workers x threads = cores: inner threads would spin against each other.
        with _quiet(), joblib.parallel_config("loky", inner_max_num_threads=_threads(workers)):
            jobs = (
                joblib.delayed(_do_elsewhere)(step, store.url, store.run_id, work, unit, deadline)
                for unit in units
            )
            parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")
            yield from parallel(jobs)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep loky from warning that it replaced a worker grown large, as a loaded model makes it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
        yield


def _threads(workers: int) -> int:
    import joblib

    return max(1, int(joblib.cpu_count()) // workers)


def _do_elsewhere(
    step: str, url: str, run_id: int | None, work: Work, unit: Unit, deadline: float | None
) -> Report:
    store = _opened(url)
    store.run_id = run_id
    return _do(step, store, work, unit, deadline)


@cache
def _opened(url: str) -> Store:
    return stores.open(url)


def _do(step: str, store: Store, work: Work, unit: Unit, deadline: float | None) -> Report:
    if deadline is not None and time.monotonic() >= deadline:
        return Report(unit, late=True)
    try:
        work(store, unit.what)
    except Exception as error:  # one unit's trouble must not stop the others
        store.failed(step, unit.name, error)
        return Report(unit, error=str(error) if isinstance(error, CharzError) else repr(error))
    store.succeeded(step, unit.name)
    return Report(unit)
