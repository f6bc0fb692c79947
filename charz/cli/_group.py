"""Groups whose commands are files, and commands whose help ends in examples."""

from __future__ import annotations

import importlib
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from charz.errors import UnknownNameError
from charz.paths import PACKAGE

ORDER = (
    "quickstart", "ingest", "subset", "embed", "probe", "characterize", "fit",
    "evaluate", "predict", "recommend", "head", "curve", "compare", "coverage", "label", "plan",
    "similar",
    "outcome", "update", "status", "query", "check", "export", "import", "db",
)  # fmt: skip
"""The order of the work; a command that is not named here stands at the end."""

_SHARED = ("options", "output")


class Command(click.Command):
    """A command with examples.

    Parameters
    ----------
    examples : tuple of str
        Lines that can be typed as they are.
    """

    def __init__(self, *args: Any, examples: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class Group(click.Group):
    """A group that finds its commands by name and imports one when it is asked for.

    Parameters
    ----------
    package : str, optional
        The package whose files are commands; each file has a ``command``.
    """

    command_class = Command

    def __init__(self, *args: Any, package: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.package = package

    @cached_property
    def files(self) -> dict[str, str]:
        """Module by command name: ``import_`` stands for ``import``."""
        if self.package is None:
            return {}
        folder = PACKAGE.joinpath(*self.package.split(".")[1:])
        stems = (path.stem for path in Path(folder).glob("*.py"))
        return {
            stem.rstrip("_").replace("_", "-"): f"{self.package}.{stem}"
            for stem in stems
            if not stem.startswith("_") and stem not in _SHARED
        }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the work."""
        if self.package is None:
            return list(self.commands)
        return sorted(self.files, key=lambda name: (_place(name), name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.files:
            return super().get_command(ctx, cmd_name)
        found: click.Command = importlib.import_module(self.files[cmd_name]).command
        found.name = cmd_name
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; an unknown one gets the nearest names."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            error = UnknownNameError.among("command", name, self.list_commands(ctx))
            ctx.fail(f"{error.problem}; {error.remedy}")
        return super().resolve_command(ctx, args)


def _place(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)
