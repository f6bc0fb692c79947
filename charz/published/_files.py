"""Files: the layout of the results' repository, a folder per encoder and revision.

Files of a program of 2022 name no ``scores`` and keep no single draws; they are read for their
means. A file that cannot be read is left out by name; one of another task is never opened.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charz.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from charz.published import Skipped
    from charz.published._tasks import Task

META = "model_meta.json"
MOST_BYTES = 64_000_000
"""A file of more is no result: the largest of MTEB's have a tenth."""

Content = dict[str, Any]


def results(
    folder: Path, tasks: Mapping[str, Task], skipped: Skipped
) -> tuple[pd.DataFrame, dict[str, Content]]:
    """Return published lines, and the newest ``model_meta.json`` of each encoder.

    Raises
    ------
    InputError
        When the folder holds no encoder's folder.
    """
    import pandas as pd

    root = folder / "results" if (folder / "results").is_dir() else folder
    places = sorted(place for place in root.glob("*__*/*") if place.is_dir())
    if not places:
        raise InputError(
            f"{folder} holds no results of MTEB",
            "give a folder with results.parquet, or with ORG__MODEL/REVISION/TASK.json",
        )
    names = {task.task for task in tasks.values()}
    lines: list[Content] = []
    cards: dict[str, Content] = {}
    for place in places:
        model = place.parent.name.replace("__", "/", 1)
        card = _card(place)
        if card.get("embed_dim") or model not in cards:
            cards[model] = card
        for path in sorted(place.glob("*.json")):
            if path.name != META:
                lines += _lines(path, model, names, skipped)
    columns = (
        "model", "revision", "task", "dataset_revision", "version", "split", "subset", "accuracy",
        "macro_f1", "draws", "f1_draws",
    )  # fmt: skip
    return pd.DataFrame(lines, columns=list(columns)), cards


def _card(place: Path) -> Content:
    try:
        card = _json(place / META)
    except InputError:
        return {}
    return card


def _lines(path: Path, model: str, names: set[str], skipped: Skipped) -> list[Content]:
    """Return the lines of one file; what is wrong with it is counted."""
    task = path.stem
    if task not in names:
        skipped.add("no known task of text classification", Counter([task]))
        return []
    try:
        content = _json(path)
        found = [
            {
                "model": model,
                "revision": path.parent.name,
                "task": task,
                "dataset_revision": _text(content.get("dataset_revision")),
                "version": _text(content.get("mteb_version")),
            }
            | line
            for line in _scores(content)
        ]
    except InputError as error:
        skipped.add(error.problem.partition(": ")[2], Counter([f"{model} {task}"]))
        return []
    if not found:
        skipped.add("a file without scores", Counter([f"{model} {task}"]))
    return found


def _json(path: Path) -> Content:
    """Return a file's object.

    Raises
    ------
    InputError
        When it is no plain file, too large, or no JSON object.
    """
    if path.is_symlink() or not path.is_file():
        raise InputError(f"{path}: no plain file", "put the file itself there")
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path}: a file too large for results", "look at it")
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: a file that is no JSON", "fetch it anew") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: a file that is no JSON object", "fetch it anew")
    return content


def _scores(content: Content) -> Iterator[Content]:
    """Yield one line per split and subset, of files old and new."""
    scores = content.get("scores")
    splits = scores if isinstance(scores, dict) else content
    for split, found in splits.items():
        if isinstance(found, list):
            parts = [part for part in found if isinstance(part, dict)]
            yield from (_line(split, _text(part.get("hf_subset")), part) for part in parts)
        elif isinstance(found, dict) and "accuracy" in found:
            yield _line(split, None, found)
        elif isinstance(found, dict):
            inner = {key: part for key, part in found.items() if isinstance(part, dict)}
            yield from (_line(split, key, part) for key, part in inner.items())


def _line(split: str, subset: str | None, part: Content) -> Content:
    draws = part.get("scores_per_experiment") or []
    draws = list(draws.values()) if isinstance(draws, dict) else draws
    every = [draw for draw in draws if isinstance(draw, dict)] if isinstance(draws, list) else []
    accuracy, f1 = ([_number(draw.get(name)) for draw in every] for name in ("accuracy", "f1"))
    return {
        "split": split,
        "subset": subset or "default",
        "accuracy": _number(part.get("accuracy")),
        "macro_f1": _number(part.get("f1")),
        "draws": _array(accuracy),
        "f1_draws": _array(f1),
    }


def _array(values: list[float]) -> Any:
    import numpy as np

    return np.array(values, dtype=np.float32)


def _number(value: Any) -> float:
    """Return a score, not-a-number where it is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e9 else float("nan")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
