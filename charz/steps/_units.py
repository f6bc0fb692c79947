"""Units of work: run them here or on several workers, and remember what failed.

A unit is one encoder (or checkpoint) on one dataset: its arrays are loaded once and its rows
are written by whoever did it, so a killed run loses at most the units under way.
"""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from charz import store as stores
from charz.errors import CharzError, InputError, MissingExtraError
from charz.records import Progress, Summary
from charz.steps import _tally
from charz.store import Store


@dataclass(frozen=True)
class Unit:
    """A piece of work: ``name`` for people and for the failure table, ``what`` for the worker."""

    name: str
    what: Any
    size: int = 1


@dataclass(frozen=True)
class Report:
    """How a unit ended: ``error`` is None when it went well, ``late`` when time had run out.

    ``counts`` are what its work told, see `charz.steps._tally`.
    """

    unit: Unit
    error: str | None = None
    late: bool = False
    counts: Mapping[str, float] = field(default_factory=dict)


Work = Callable[[Store, Any], None]
_on_cluster: ContextVar[bool] = ContextVar("on_cluster", default=False)

_GOLDEN = (5**0.5 - 1) / 2


def run(
    step: str,
    store: Store,
    work: Work,
    units: Sequence[Unit],
    *,
    noun: str,
    workers: int = 1,
    threads: int | None = 1,
    deadline: float | None = None,
    progress: Progress,
) -> Summary:
    """Do every unit and return what came of it.

    ``work(store, unit.what)`` does one unit and writes its rows. A unit that raises is
    recorded as failed and the others go on; one that would begin after ``deadline`` (a
    `time.monotonic` value) is left for the next run. Each worker computes with ``threads``
    threads, or its share of the cores when None: more only wait for each other on the small
    matrices of probes and features.
    """
    began = time.monotonic()
    progress.start(step, sum(unit.size for unit in units), noun)
    done = failed = left = 0
    notes = []
    counts: Counter[str] = Counter()
    flow = _tally.Flow(progress)
    mine = _rotated(units, store.run_id or 0)
    # Workers on other machines share no monotonic clock with us.
    until = None if deadline is None else time.time() + deadline - began
    inner = threads or _threads(workers)
    for report in _reports(step, store, work, mine, workers, inner, until, flow):
        flow.ended(report.counts)
        counts.update({name: int(n) for name, n in report.counts.items() if name != _tally.PART})
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
    return Summary(step, done, failed, left, seconds, noun, tuple(notes), dict(counts))


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
    threads: int,
    until: float | None,
    flow: _tally.Flow,
) -> Iterator[Report]:
    import joblib

    def jobs(counts_at: str | None) -> Iterator[Any]:
        do = joblib.delayed(_do_elsewhere)
        return (do(step, store.url, store.run_id, work, unit, until, counts_at) for unit in units)

    if units and _on_cluster.get():
        for report in joblib.Parallel(return_as="generator_unordered")(jobs(None)):
            flow.hear(report.counts)  # only now: no file is shared with other machines
            yield report
    elif workers <= 1 or len(units) == 1:
        import threadpoolctl

        # As many threads as a worker has: their number shows in the last bits of a sum.
        with threadpoolctl.threadpool_limits(threads):
            for unit in units:
                yield _do(step, store, work, unit, until, flow.hear)
    elif units:
        # Workers x threads = cores: inner threads would spin against each other.
        with (
            _quiet(),
            _tally.followed(flow.hear) as path,
            joblib.parallel_config("loky", inner_max_num_threads=threads),
        ):
            parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")
            yield from parallel(jobs(path))


@contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Send units to the Dask cluster at ``address`` while inside; do nothing without one.

    Its workers must reach the registry and its artifacts under the same URLs, which means
    PostgreSQL and a shared folder or object store.

    Raises
    ------
    MissingExtraError
        When Dask is not installed.
    InputError
        When no scheduler answers at the address.
    """
    if address is None:
        yield
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtraError.of("distributed", "dask", "to work on a cluster") from error
    import joblib

    try:
        client = Client(address, timeout=10)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise InputError(
            f"no Dask scheduler answers at '{address}' ({error})", "start one with 'dask scheduler'"
        ) from error
    token = _on_cluster.set(True)
    try:
        with client, joblib.parallel_config(backend="dask", wait_for_workers_timeout=30):
            yield
    finally:
        _on_cluster.reset(token)


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
    step: str,
    url: str,
    run_id: int | None,
    work: Work,
    unit: Unit,
    until: float | None,
    counts_at: str | None,
) -> Report:
    store = _opened(url)
    store.run_id = run_id
    return _do(step, store, work, unit, until, _tally.appending(counts_at) if counts_at else None)


@cache
def _opened(url: str) -> Store:
    return stores.open(url)


def _do(
    step: str,
    store: Store,
    work: Work,
    unit: Unit,
    until: float | None,
    ear: _tally.Ear | None = None,
) -> Report:
    if until is not None and time.time() >= until:
        return Report(unit, late=True)
    with _tally.heard(ear) as counts:
        try:
            work(store, unit.what)
        except Exception as error:  # one unit's trouble must not stop the others
            store.failed(step, unit.name, error)
            told = str(error) if isinstance(error, CharzError) else repr(error)
            return Report(unit, error=told, counts=counts)
    store.succeeded(step, unit.name)
    return Report(unit, counts=counts)
