"""The Hugging Face hub, through its ``datasets`` library: ``hf:ID``, or a catalogue name.

``hf:org/name`` reads any dataset of texts and labels; ``glue/cola``, or ``cola``, reads an
entry of the catalogue with its columns, splits and facts. The network is needed only for
what is not in the library's cache. No dataset script is ever run.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from charz.errors import (
    CharzError,
    InputError,
    MissingExtraError,
    OfflineError,
    UnknownNameError,
)
from charz.records import Dataset, DatasetFacts
from charz.sources._assemble import assemble
from charz.sources._catalogue import Entry, find
from charz.sources._names import FACTS, checked_fact, dataset_name, given_facts, slug
from charz.sources._rows import Columns, Rows
from charz.sources._split import TEST_SHARE, seed_of, share, stratified

OPTIONS = (
    "config", "revision", "train_split", "test_split", "text_column", "pair_column",
    "label_column", "test_share", "seed", *FACTS,
)  # fmt: skip

_PREFIX = "hf:"
_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_TEST_SPLITS = ("test", "validation", "valid", "dev")


def claims(reference: str) -> bool:
    """Whether ``reference`` begins with ``hf:`` or names an entry of the catalogue.

    >>> claims("hf:org/anything"), claims("glue/cola"), claims("cola"), claims("kola")
    (True, True, True, False)
    """
    return reference.startswith(_PREFIX) or find(reference) is not None


def read(
    reference: str,
    *,
    config: str | None = None,
    revision: str | None = None,
    train_split: str | None = None,
    test_split: str | None = None,
    text_column: str | None = None,
    pair_column: str | None = None,
    label_column: str | None = None,
    test_share: float | str = TEST_SHARE,
    seed: int | str = 0,
    **facts: str | None,
) -> Dataset:
    """Read a dataset from the hub or the library's cache.

    Parameters
    ----------
    reference : str
        ``hf:ID`` (a folder will do, too), or a name of the catalogue.
    config, revision, train_split, test_split : str, optional
        Where the rows lie; default: the catalogue's, else ``train`` and the first of
        ``test``, ``validation``, ``dev`` that is there.
    text_column, pair_column, label_column : str, optional
        Default: the catalogue's, else ``text``, ``text_pair`` where there is one, ``label``.
    test_share, seed : float, int
        How to split where there is no test split.
    **facts : str
        ``name``, ``group`` and so on, in place of the known ones.

    Raises
    ------
    MissingExtraError
        When ``datasets`` is not installed.
    OfflineError
        When the hub cannot be reached and the cache lacks the dataset.
    UnknownNameError
        When the hub has no such dataset.
    InputError
        When its configuration, splits, columns or rows cannot be used.
    """
    chosen = {
        "config": config, "revision": revision, "train": train_split, "test": test_split,
        "text": text_column, "pair": pair_column, "label": label_column, **given_facts(facts),
    }  # fmt: skip
    given: dict[str, Any] = {
        key: checked_fact(key, value) for key, value in chosen.items() if value
    }
    entry = replace(_entry(reference, given), **given)
    tables = _tables(entry, _load(entry))
    splits = [table.examples() for table in tables]
    extra = {key: getattr(entry, key) for key in ("config", "revision") if getattr(entry, key)}
    if len(splits) == 1:
        part, number = share(test_share), seed_of(seed)
        splits = list(stratified(splits[0], part, number))
        extra["split"] = {"rule": "stratified", "test_share": part, "seed": number}
    skipped = sum((table.skipped for table in tables), Counter[str]())
    return assemble(_facts(entry, extra), splits[0], splits[1], skipped)


def _entry(reference: str, given: dict[str, str]) -> Entry:
    key = reference.removeprefix(_PREFIX)
    known = find(key)
    if known is not None:
        return known
    if key and Path(key).is_dir():
        name = given.get("name") or slug(Path(key).resolve().name)
    elif _ID.fullmatch(key):
        name = given.get("name") or "/".join(filter(None, (key, given.get("config"))))
    else:
        raise InputError(f"{reference!r:.80} is no hub dataset", "write hf:ORG/NAME")
    return Entry(name=dataset_name(name), id=key, group=given.get("group") or name)


def _facts(entry: Entry, extra: dict[str, Any]) -> DatasetFacts:
    place = slug(Path(entry.id).name) if Path(entry.id).is_dir() else entry.id
    return DatasetFacts(
        name=entry.name,
        source=f"{_PREFIX}{place}",
        group=entry.group,
        label_family=entry.label_family,
        task=entry.task,
        language=entry.language,
        license=entry.license,
        extra=extra,
    )


def _load(entry: Entry) -> Any:
    """Return the splits by name, or say what stands in the way."""
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError.of("datasets", "hub", "to read hf: datasets") from error
    try:
        return datasets.load_dataset(entry.id, entry.config, revision=entry.revision)
    except Exception as error:
        raise _explained(error, entry) from error


def _explained(error: Exception, entry: Entry) -> CharzError:
    """Return our error for one of the library's, which change from version to version."""
    import datasets
    from huggingface_hub.errors import HfHubHTTPError

    where = f"hub dataset '{entry.id}'"
    said = " ".join(str(error).split())[:200]
    if isinstance(error, datasets.exceptions.DatasetNotFoundError):
        return UnknownNameError(f"there is no {where}", "check its id; a gated one needs a login")
    if isinstance(error, datasets.exceptions.DataFilesNotFoundError):
        return InputError(f"the {where} has no data files", "check its id and revision")
    if isinstance(error, (ConnectionError, TimeoutError, HfHubHTTPError)) or _is_transport(error):
        return OfflineError(
            f"the {where} cannot be reached ({said})", "connect, or fetch it beforehand"
        )
    if "scripts" in said or "trust_remote_code" in said:
        return InputError(
            f"the {where} is a program, which is never run",
            "try its converted copy with --revision refs/convert/parquet",
        )
    return InputError(f"the {where} cannot be read: {said}", "check its --config and --revision")


def _is_transport(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] in ("httpx", "httpx2", "requests", "urllib3")


def _tables(entry: Entry, splits: Any) -> list[Rows]:
    there = list(splits)
    test = entry.test or next((name for name in _TEST_SPLITS if name in there), None)
    for name in filter(None, (entry.train, test)):
        if name not in there:
            raise UnknownNameError.among(f"split of '{entry.id}'", name, there)
    return [_rows(entry, splits[name], name) for name in (entry.train, test) if name]


def _rows(entry: Entry, split: Any, name: str) -> Rows:
    where = f"{entry.id} ({name})"
    columns = Columns(entry.text, entry.pair, entry.label).present(split.column_names, where)
    label_of = _labeller(entry, split.features[entry.label])
    rows = Rows(where, columns)
    for row in _plain(split, columns):
        rows.add(row | {entry.label: label_of(row[entry.label])})
    return rows


def _plain(split: Any, columns: Columns) -> Iterator[dict[str, Any]]:
    wanted = [name for name in (columns.text, columns.pair, columns.label) if name]
    for batch in split.select_columns(wanted).iter(batch_size=1000):
        for values in zip(*(batch[name] for name in wanted), strict=True):
            yield dict(zip(wanted, values, strict=True))


def _labeller(entry: Entry, feature: Any) -> Callable[[Any], Any]:
    """Return how a label becomes its name; a code below zero is a hidden label."""
    if entry.bins == "round":
        return _rounded
    names = entry.labels or tuple(getattr(feature, "names", ()))

    def named(value: Any) -> Any:
        if not names or not isinstance(value, int) or isinstance(value, bool):
            return value
        return names[value] if 0 <= value < len(names) else None

    return named


def _rounded(score: Any) -> int | None:
    """Round half up: ``round`` would round half to even.

    >>> [_rounded(score) for score in (0.4, 2.5, 3.5, None, -1.0)]
    [0, 3, 4, None, None]
    """
    if not isinstance(score, (int, float)) or not math.isfinite(score) or score < 0:
        return None
    return math.floor(score + 0.5)
