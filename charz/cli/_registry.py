"""Opening the registry for a command."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from charz.cli.output import talk

if TYPE_CHECKING:
    from charz.store import Store

_NOT_KEPT = ("registry", "style")  # a URL may hold a password


@contextmanager
def reading(url: str | None) -> Iterator[Store]:
    """Open a registry that must be there."""
    from charz import store

    with store.open(url) as opened:
        yield opened


@contextmanager
def writing(url: str | None, *, create: bool = False) -> Iterator[Store]:
    """Open a registry and record the command as a run: the provenance of what it writes."""
    from charz import store

    with store.open(url, create=create) as opened, opened.run(_name(), _arguments()):
        yield opened


def if_any(url: str | None, without: str) -> AbstractContextManager[Store | None]:
    """Open the registry; without one that was named, say so and what is done ``without``."""
    from charz import paths, store

    if url is None and store.current(paths.registry_url()) is None:
        talk(f"no registry yet: {without}")
        return nullcontext()
    return writing(url)


@contextmanager
def answering(url: str | None) -> Iterator[Callable[..., None]]:
    """Give what keeps an answer in the registry, if there is one, and says so."""
    with if_any(url, "keeping nothing of the answer") as store:

        def keep(command: str, **row: Any) -> None:
            from charz.steps import answer

            key = answer.keep(store, command, **row)
            if key is not None:
                talk(f"{command}: kept under {key}")

        yield keep


def _name() -> str:
    """Return the words of the command, without the program's name."""
    return " ".join(click.get_current_context().command_path.split()[1:])


def _arguments() -> dict[str, Any]:
    params = click.get_current_context().params
    return {
        name: os.fspath(value) if isinstance(value, os.PathLike) else value
        for name, value in params.items()
        if name not in _NOT_KEPT and value is not None and value != ()
    }


def deadline(budget: float | None) -> float | None:
    """Return the `time.monotonic` value at which a budget of seconds is spent."""
    return None if budget is None else time.monotonic() + budget
