"""``charz check``: what should not be in the registry."""

from __future__ import annotations

import click

from charz.cli import _registry, options, output
from charz.cli._group import Command


@click.command(cls=Command, examples=("charz check", "charz check --artifacts --format json"))
@click.option("--artifacts", is_flag=True, help="Also read every artifact and compare its hash.")
@options.rows
@options.registry
def command(artifacts: bool, registry: str | None, style: str | None) -> None:
    """Look for rows that should not be there.

    The exit code is 3 when there are some.
    """
    from charz.errors import CheckFailed
    from charz.steps import check

    with _registry.reading(registry) as store:
        found = check.run(store, artifacts=artifacts)
    output.rows(found, style, ["check", "rows", "example"])
    bad = sum(row["rows"] > 0 for row in found)
    if bad:
        raise CheckFailed(
            f"{bad} of the checks found rows",
            "each check's file in queries/checks says what it means",
        )
