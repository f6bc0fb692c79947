"""Progress on stderr: bars with rate and time left on a terminal, else now and then a line."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from charz.cli import output
from charz.cli._text import duration, escaped, speeds

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
        self._flows = False

    def start(self, step: str, total: int, unit: str) -> None:
        """Begin a bar; the one before goes."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._began, self._done, self._flows = time.monotonic(), 0, False
        self._task = self._bars.add_task(step, total=total, unit=unit, rate="", note="")

    def advance(self, n: int = 1, note: str = "") -> None:
        """Move the bar."""
        if self._task is None:
            return
        self._done += n
        self._bars.update(self._task, completed=self._done, note=escaped(note))
        if not self._flows:
            speed = rate(self._done, time.monotonic() - self._began)
            self._bars.update(self._task, rate=speed)

    def flow(self, counts: Mapping[str, int], within: float) -> None:
        """Move the bar within a unit and show what passes through per second."""
        if self._task is None:
            return
        self._flows = True
        speed = speeds(counts, time.monotonic() - self._began)
        self._bars.update(self._task, completed=self._done + within, rate=speed)

    def warn(self, message: str) -> None:
        """Say something above the bar."""
        self._bars.console.print(f"charz: {escaped(message)}", soft_wrap=True)


class Lines:
    """A line when a step begins, and one every ten seconds."""

    def __init__(self) -> None:
        self._step = self._unit = ""
        self._total = self._done = 0
        self._within = 0.0
        self._counts: Mapping[str, int] = {}
        self._began = self._spoke = time.monotonic()

    def start(self, step: str, total: int, unit: str) -> None:
        """Say what begins."""
        self._step, self._unit, self._total, self._done = step, unit, total, 0
        self._within, self._counts = 0.0, {}
        self._began = self._spoke = time.monotonic()
        output.talk(f"{step}: {total} {unit}" if total else f"{step}: nothing to do")

    def advance(self, n: int = 1, note: str = "") -> None:
        """Say where the step is, when it has been silent for a while."""
        self._done += n
        self._within = max(0.0, self._within - n)
        self._speak()

    def flow(self, counts: Mapping[str, int], within: float) -> None:
        """Say it also within a unit, with what passes through per second."""
        self._counts, self._within = counts, within
        self._speak()

    def _speak(self) -> None:
        now = time.monotonic()
        if now - self._spoke < _SECONDS_BETWEEN_LINES:
            return
        self._spoke = now
        seconds, done = now - self._began, self._done + self._within
        left = seconds / done * max(0.0, self._total - done) if done else 0.0
        output.talk(
            f"{self._step}: {self._done} of {self._total} {self._unit}, "
            f"{speeds(self._counts, seconds) or rate(self._done, seconds)}, "
            f"about {duration(left)} left"
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
