"""What a choice among heads, or layers, looks like on a terminal."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charz.cli import output
from charz.cli._text import escaped

if TYPE_CHECKING:
    from charz.heads._choose import Choice
    from charz.steps.head import Layers


def tell(found: Choice) -> None:
    """Say on stderr what is recommended, and what stands beside it."""
    for note in found.notes:
        output.talk(f"head: {note}")
    first = found.heads.iloc[0]
    output.talk(
        f"head: take {found.recommended}: {first['value']:.3f} in "
        f"[{first['low']:.3f}, {first['high']:.3f}], {first['p_best']:.0%} to be the best"
    )
    beyond = found.beyond_linear
    said = "pays" if beyond["pays"] else "does not pay"
    output.talk(
        f"head: going beyond linear {said} at {found.provenance['n_train']} rows: {beyond['head']} "
        f"{100 * beyond['gain']:+.1f} points to {beyond['linear']} "
        f"({100 * beyond['low']:+.1f} to {100 * beyond['high']:+.1f})"
    )
    if found.fine_tuning is not None:
        tuning = found.fine_tuning
        output.talk(
            f"head: --fine-tune would gain {100 * tuning['gain']:+.1f} points over logistic "
            f"({100 * tuning['low']:+.1f} to {100 * tuning['high']:+.1f}), as small networks did "
            f"at such sizes; {tuning['probability']:.0%} to pay, for the time of encoding "
            f"{tuning['encodings']:,} such texts"
        )
    for name, each in found.baselines.items():
        loss = f", {100 * each['loss']:.1f} points less" if each.get("loss") else ""
        output.talk(f"head: {name}: {each['head']}, {each['value']:.3f}{loss}")


def rows(found: Choice) -> list[dict[str, Any]]:
    """Return the heads as rows, without the columns that nobody filled."""
    kept = [name for name in found.heads if found.heads[name].notna().any()]
    return [{str(key): value for key, value in row.items()}
            for row in found.heads[kept].to_dict("records")]  # fmt: skip


def whole(found: Choice) -> dict[str, Any]:
    """Return all of it, as JSON has it."""
    return {
        "recommended": found.recommended,
        "heads": rows(found),
        "beyond_linear": found.beyond_linear,
        "fine_tuning": found.fine_tuning,
        "baselines": found.baselines,
        "notes": list(found.notes),
        "provenance": dict(found.provenance),
    }


def whole_layers(found: Layers) -> dict[str, Any]:
    """Return all that is known of layers, as JSON has it."""
    parts = ("layers", "enough", "best", "n_train")
    return {part: getattr(found, part) for part in parts} | {"notes": list(found.notes)}


def show(found: Choice) -> None:
    """Draw the gains as text beneath a table."""
    from charz.pictures import heads

    width = max(60, min(shutil.get_terminal_size().columns, 100))
    head = "gain over logistic in points, probability of being best, interval"
    lines = heads.text(rows(found), width).splitlines()
    click.echo("\n".join(("", head, *map(escaped, lines))))


def draw(found: Choice, path: Path) -> None:
    """Draw the gains into a file."""
    from charz.pictures import heads

    facts = found.provenance
    title = f"Which head on {facts.get('encoder', 'these vectors')}?"
    subtitle = f"{facts['n_train']} labelled rows; right: expected accuracy, chance of being best"
    output.talk(f"drawn: {heads.save(title, rows(found), path, subtitle)}")


def tell_layers(found: Layers) -> None:
    """Say on stderr which layer is enough and what that saves."""
    for note in found.notes:
        output.talk(f"head: {note}")
    enough, best, deepest = found.enough, found.best, found.layers[-1]
    saved = 1 - (enough["cost"] or 0) / (deepest["cost"] or 1)
    cheaper = f", {saved:.0%} cheaper than layer {deepest['layer']}" if saved > 0 else ""
    output.talk(
        f"head: layer {enough['layer']} of {deepest['layer']} is enough here{cheaper}: "
        f"{100 * enough['gain']:+.1f} points to it ({100 * enough['low']:+.1f} to "
        f"{100 * enough['high']:+.1f}), {100 * enough['loss']:.1f} below the best, layer "
        f"{best['layer']}"
    )
