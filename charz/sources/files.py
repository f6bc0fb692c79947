"""Files: CSV, TSV, JSONL (each also ``.gz``) or Parquet, one file or a folder of splits.

A folder holds ``train.*`` and ``test.*`` (or ``validation.*``, ``dev.*``) and may hold a
``meta.json`` with facts. A file without a test split is split here, by classes and seed.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charz.errors import InputError
from charz.records import Dataset, DatasetFacts, Examples
from charz.sources._assemble import assemble
from charz.sources._bytes import decode, load
from charz.sources._names import FACTS, checked_fact, dataset_name, given_facts, slug
from charz.sources._rows import Columns
from charz.sources._split import TEST_SHARE, seed_of, share, stratified
from charz.sources._tables import Table, read_table, stem_of, suffix_of

OPTIONS = (
    "text_column", "pair_column", "label_column", "test", "encoding", "test_share", "seed",
    *FACTS,
)  # fmt: skip

_TEST_STEMS = ("test", "validation", "valid", "val", "dev")


def claims(reference: str) -> bool:
    """Whether ``reference`` is an existing path or is named like a data file.

    >>> claims("reviews.csv"), claims("glue/cola")
    (True, False)
    """
    return os.path.exists(reference) or suffix_of(Path(reference)) is not None


def read_examples(
    path: str | os.PathLike[str],
    *,
    text_column: str = "text",
    pair_column: str | None = None,
    label_column: str = "label",
    labelled: bool = True,
    encoding: str | None = None,
) -> tuple[Examples, dict[str, int]]:
    """Read the rows of one file, and counts of those left out by reason.

    Parameters
    ----------
    path : path
        A CSV, TSV, JSONL (or ``.gz`` of these) or Parquet file.
    text_column, pair_column, label_column : str
        ``pair_column`` None reads ``text_pair`` where there is one.
    labelled : bool
        Whether to read labels; False reads none, and the column need not be there.
    encoding : str, optional
        Default: UTF-8, else the best guess.

    Raises
    ------
    InputError
        When the file cannot be read, lacks a column, or more than half of its rows cannot
        be used.
    """
    columns = Columns(text_column, pair_column, label_column if labelled else None)
    table = read_table(Path(path), columns, encoding)
    return table.rows.examples(), dict(table.rows.skipped)


@dataclass(frozen=True)
class PartlyLabelled:
    """The rows of a file whose labels are still being given.

    Attributes
    ----------
    examples : Examples
        A row without a label has the label ``""``.
    places : tuple of int
        Which row of the file each is, from 0.
    skipped : dict
        Counts of the rows left out, by reason.
    """

    examples: Examples
    places: tuple[int, ...]
    skipped: dict[str, int]


def read_pool(
    path: str | os.PathLike[str],
    *,
    text_column: str = "text",
    pair_column: str | None = None,
    label_column: str | None = None,
    encoding: str | None = None,
) -> PartlyLabelled:
    """Read a file of which some, all or none of the rows have labels.

    Parameters
    ----------
    path : path
        A CSV, TSV, JSONL (or ``.gz`` of these) or Parquet file.
    text_column, pair_column, label_column : str
        ``pair_column`` None reads ``text_pair``, ``label_column`` None reads ``label``, where
        there is one.
    encoding : str, optional
        Default: UTF-8, else the best guess.

    Raises
    ------
    InputError
        As `read_examples`; a row that lacks only its label is used.
    """
    columns = Columns(text_column, pair_column, label_column or "label", partly=True)
    rows = read_table(Path(path), columns, encoding).rows
    if label_column is not None and rows.columns.label is None:
        raise InputError(
            f"'{path}' has no column '{label_column}'", "name the column of the labels"
        )
    found = rows.examples()
    labels = found.labels or ("",) * len(found)
    whole = Examples(found.texts, labels, found.pairs)
    return PartlyLabelled(whole, tuple(rows.places), dict(rows.skipped))


def read(
    reference: str,
    *,
    text_column: str = "text",
    pair_column: str | None = None,
    label_column: str = "label",
    test: str | None = None,
    encoding: str | None = None,
    test_share: float | str = TEST_SHARE,
    seed: int | str = 0,
    **facts: str | None,
) -> Dataset:
    """Read a labelled dataset from a file or a folder.

    Parameters
    ----------
    reference : str
        A file, or a folder with ``train.*`` and ``test.*``.
    text_column, pair_column, label_column : str
        ``pair_column`` None reads ``text_pair`` where there is one.
    test : str, optional
        The file of the test split, when ``reference`` is the file of the training split.
    encoding : str, optional
        Default: UTF-8, else the best guess, which is kept in the facts.
    test_share, seed : float, int
        How to split where there is no test split: the share (0, 1) of each class to hold.
    **facts : str
        ``name``, ``group``, ``label_family``, ``language``, ``license``, ``task``: these win
        over a folder's ``meta.json``.

    Raises
    ------
    InputError
        When a file, a row majority, a name or the labels cannot be used.
    """
    given = given_facts(facts)
    root = Path(reference)
    train_path, test_path = _split_paths(root, Path(test) if test else None)
    columns = Columns(text_column, pair_column, label_column)
    tables = [read_table(path, columns, encoding) for path in (train_path, test_path) if path]
    splits = [table.rows.examples() for table in tables]
    extra = _merged_extra(tables)
    if len(splits) == 1:
        part, number = share(test_share), seed_of(seed)
        splits = list(stratified(splits[0], part, number))
        extra["split"] = {"rule": "stratified", "test_share": part, "seed": number}
    skipped = sum((table.rows.skipped for table in tables), Counter[str]())
    return assemble(_facts(root, given, extra), splits[0], splits[1], skipped)


def _merged_extra(tables: list[Table]) -> dict[str, Any]:
    return {key: value for table in tables for key, value in table.extra.items()}


def _split_paths(root: Path, test: Path | None) -> tuple[Path, Path | None]:
    if not os.path.exists(root):
        raise InputError(f"'{root}' does not exist", "check the path")
    if not root.is_dir():
        return root, test
    if test is not None:
        raise InputError(f"'{root}' is a folder, and a test file is given", "give one of them")
    train = _split_file(root, "train")
    if train is None:
        raise InputError(
            f"the folder '{root}' has no train.csv, .tsv, .jsonl, .parquet (or .gz)",
            "name the file, or put train.* and test.* in the folder",
        )
    found = (_split_file(root, stem) for stem in _TEST_STEMS)
    return train, next((path for path in found if path is not None), None)


def _split_file(folder: Path, stem: str) -> Path | None:
    fitting = [
        path for path in sorted(folder.iterdir()) if suffix_of(path) and stem_of(path) == stem
    ]
    if len(fitting) > 1:
        names = " and ".join(f"'{path.name}'" for path in fitting)
        raise InputError(f"the folder '{folder}' has {names}", "keep one of them")
    return fitting[0] if fitting else None


def _facts(root: Path, given: dict[str, str], extra: dict[str, Any]) -> DatasetFacts:
    known = _meta(root / "meta.json") if root.is_dir() else {}
    place = root.resolve().name if root.is_dir() else stem_of(root)
    merged = known | given
    name = dataset_name(merged.get("name") or slug(place))
    return DatasetFacts(
        name=name,
        source=merged.get("source") or f"files:{root.name or place}",
        group=dataset_name(merged.get("group") or name, "group name"),
        label_family=merged.get("label_family"),
        task=merged.get("task"),
        language=merged.get("language"),
        license=merged.get("license"),
        extra=extra | {key: known[key] for key in ("domain", "mteb_task") if key in known},
    )


def _meta(path: Path) -> dict[str, str]:
    """Return the facts in a folder's ``meta.json``, checked; other keys are left alone."""
    if not path.exists():
        return {}
    try:
        meta = json.loads(decode(load(path, limit=16 * 1024**2), path.name).content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is no JSON", "mend or remove it") from error
    if not isinstance(meta, dict):
        raise InputError(f"'{path}' is no JSON object", "mend or remove it")
    meta.setdefault("license", meta.get("licence"))
    keys = (*FACTS, "source", "domain", "mteb_task")
    return {key: checked_fact(key, meta[key]) for key in keys if meta.get(key)}
