"""The command line: ``charz COMMAND``, one file per command.

Rows go to stdout, talk and progress to stderr. Exit codes: 0 done, 1 an error with its
remedy, 2 wrong usage, 3 a check found something, 130 interrupted. This is the one place
where errors become lines on a terminal.
"""

from __future__ import annotations

import errno
import os
import traceback
from typing import Any

import click

import charz
from charz.cli._group import Group
from charz.cli._text import escaped
from charz.errors import CharzError

_REMEDIES = {
    errno.ENOSPC: "free some space on that disk",
    errno.EDQUOT: "free some space, or ask for a larger quota",
    errno.EROFS: "give a place that can be written to",
    errno.EACCES: "check the rights of that path",
    errno.EPERM: "check the rights of that path",
    errno.ENAMETOOLONG: "give a shorter path",
    errno.EISDIR: "give a file, not a folder",
    errno.ENOTDIR: "check the path: a part of it is a file",
}


class Charz(Group):
    """The group of all commands, where every error ends."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what the user can mend becomes two lines and an exit code."""
        try:
            return super().invoke(ctx)
        except CharzError as error:
            _say(ctx, error.problem, error.remedy)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("\ncharz: interrupted; what is done is kept, run it again", err=True)
            ctx.exit(130)
        except OSError as error:
            if error.errno not in _REMEDIES:
                raise
            where = f": {os.fsdecode(error.filename)}" if error.filename else ""
            _say(ctx, f"{os.strerror(error.errno)}{where}", _REMEDIES[error.errno])
            ctx.exit(1)


def _say(ctx: click.Context, problem: str, remedy: str) -> None:
    if ctx.params.get("debug"):
        traceback.print_exc()
    click.echo(f"charz: error: {escaped(problem)}", err=True)
    click.echo(f"charz: remedy: {escaped(remedy)}", err=True)


@click.group(
    cls=Charz,
    package="charz.cli",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(charz.__version__, "--version", message="charz %(version)s")
@click.option(
    "--debug",
    is_flag=True,
    envvar="CHARZ_DEBUG",
    show_envvar=True,
    help="Show the traceback of an error.",
)
def main(debug: bool) -> None:
    """Measure text encoders once, predict how they will do on new tasks.

    The commands stand in the order of the work. Rows go to stdout (a table on a terminal,
    else CSV; see --format), talk and progress to stderr.
    """
