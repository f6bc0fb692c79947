"""Progress on stderr: bars with rate and time left on a terminal, else now and then a line."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from charz.cli import output
from charz.cli._text import escaped

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from charz.records import Progress

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def shown() -> Iterator[Progress]:
    """Return the progress that fits stderr, for as long as the work takes."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    with _bars() as bars:
        yield Bar(bars)


def _bars() -> Bars:
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=20),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[unit]}", markup=False),
        progress.TextColumn("{task.fields[rate]}", markup=False),
        progress.TimeRemainingColumn(compact=True),
        progress.TextColumn("{task.fields[note]}", markup=False),
        console=Console(file=sys.stderr, markup=False, highlight=False),
        transient=True,
    )


class Bar:
    """One bar per step."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._began = time.monotonic()
        self._done = 0

    def start(self, step: str, total: int, unit: str) -> None:
        """Begin a bar; the one before goes."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._began, self._done = time.monotonic(), 0
        self._task = self._bars.add_task(step, total=total, unit=unit, rate="", note="")

    def advance(self, n: int = 1, note: str = "") -> None:
        """Move the bar."""
        if self._task is None:
            return
        self._done += n
        speed = rate(self._done, time.monotonic() - self._began)
        self._bars.update(self._task, advance=n, note=escaped(note), rate=speed)

    def warn(self, message: str) -> None:
        """Say something above the bar."""
        self._bars.console.print(f"charz: {escaped(message)}", soft_wrap=True)


class Lines:
    """A line when a step begins, and one every ten seconds."""

    def __init__(self) -> None:
        self._step = self._unit = ""
        self._total = self._done = 0
        self._began = self._spoke = time.monotonic()

    def start(self, step: str, total: int, unit: str) -> None:
        """Say what begins."""
        self._step, self._unit, self._total, self._done = step, unit, total, 0
        self._began = self._spoke = time.monotonic()
        output.talk(f"{step}: {total} {unit}" if total else f"{step}: nothing to do")

    def advance(self, n: int = 1, note: str = "") -> None:
        """Say where the step is, when it has been silent for a while."""
        self._done += n
        now = time.monotonic()
        if now - self._spoke < _SECONDS_BETWEEN_LINES:
            return
        self._spoke = now
        seconds = now - self._began
        left = seconds / self._done * max(0, self._total - self._done) if self._done else 0.0
        output.talk(
            f"{self._step}: {self._done} of {self._total} {self._unit}, "
            f"{rate(self._done, seconds)}, about {duration(left)} left"
        )

    def warn(self, message: str) -> None:
        """Say it."""
        output.talk(message)


def rate(done: float, seconds: float) -> str:
    """Return units per second, or per minute where that reads better.

    >>> rate(30, 10), rate(3, 60)
    ('3.0/s', '3.0/min')
    """
    if seconds <= 0:
        return ""
    speed = done / seconds
    return f"{speed:.1f}/s" if speed >= 0.5 else f"{speed * 60:.1f}/min"


def duration(seconds: float) -> str:
    """Return a time for people.

    >>> duration(42), duration(150), duration(7260)
    ('42 s', '2 min', '2.0 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
