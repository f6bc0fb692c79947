"""What units count while they run, heard here or through a file from other processes.

Work calls `tell`; whoever runs the work hears it. Names of counts are for people
(``texts``, ``tokens``), but for `PART`: how much of a unit's size is behind it.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from charz.records import Progress

PART = "part"
Counts = Mapping[str, float]
Ear = Callable[[Counts], None]

_ear: ContextVar[Ear | None] = ContextVar("ear", default=None)
_SECONDS_BETWEEN_LOOKS = 0.5


def tell(**counts: float) -> None:
    """Add to the counts of the unit under way; without anybody to hear it, do nothing."""
    ear = _ear.get()
    if ear is not None:
        ear(counts)


@contextmanager
def heard(ear: Ear | None = None) -> Iterator[Counter[str]]:
    """Add up what is told inside, and pass it on at once to ``ear``.

    >>> with heard() as counts:
    ...     tell(texts=2)
    ...     tell(texts=1, tokens=9)
    >>> dict(counts)
    {'texts': 3, 'tokens': 9}
    """
    total: Counter[str] = Counter()

    def both(counts: Counts) -> None:
        _add(total, counts)
        if ear is not None:
            ear(counts)

    token = _ear.set(both)
    try:
        yield total
    finally:
        _ear.reset(token)


def appending(path: str) -> Ear:
    """Return an ear that writes what it hears as a line of the file at ``path``."""

    def ear(counts: Counts) -> None:
        with open(path, "ab", buffering=0) as file:  # one write: lines of processes stay whole
            file.write(json.dumps(dict(counts)).encode() + b"\n")

    return ear


@contextmanager
def followed(ear: Ear) -> Iterator[str]:
    """Yield the path of a file whose lines reach ``ear`` while inside, now and then."""
    with tempfile.TemporaryDirectory(prefix="charz-") as folder:
        path = Path(folder) / "counts"
        path.touch()
        over = threading.Event()
        thread = threading.Thread(target=_follow, args=(path, ear, over), daemon=True)
        thread.start()
        try:
            yield str(path)
        finally:
            over.set()
            thread.join()


def _follow(path: Path, ear: Ear, over: threading.Event) -> None:
    rest = b""
    with path.open("rb") as file:
        while not over.wait(_SECONDS_BETWEEN_LOOKS):
            *lines, rest = (rest + file.read()).split(b"\n")
            for line in lines:
                ear(json.loads(line))


class Flow:
    """The counts of all units of a step, shown as they grow."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._total: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._ended = 0.0

    def hear(self, counts: Counts) -> None:
        """Add counts, from whatever thread, and show all so far."""
        with self._lock:
            _add(self._total, counts)
            shown = {name: int(n) for name, n in self._total.items() if name != PART}
            within = max(0.0, self._total[PART] - self._ended)
            self._progress.flow(shown, within)

    def ended(self, counts: Counts) -> None:
        """Take a unit's part out of what is under way: it is done, or failed."""
        with self._lock:
            self._ended += counts.get(PART, 0.0)


def _add(total: Counter[str], counts: Counts) -> None:
    for name, n in counts.items():
        total[name] += n  # type: ignore[assignment]  # a Counter also counts fractions
