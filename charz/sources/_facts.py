"""Facts read from the rows themselves: language, lengths, fingerprint, overlap."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from charz.errors import InputError
from charz.records import Dataset, Examples
from charz.sources._split import text_keys

MIXED = "mul"


@dataclass(frozen=True)
class Lengths:
    """Words per text (both texts of a pair together): median and 95th percentile."""

    median: float
    p95: float


def language(texts: Sequence[str], n_sample: int = 200, share: float = 0.6) -> str:
    """Return the ISO 639-1 code of the texts' language, or ``'mul'`` when they mix.

    Parameters
    ----------
    texts : sequence of str
    n_sample : int
        How many texts to look at, evenly spaced.
    share : float
        The share of characters that one language must have, in (0, 1].

    Notes
    -----
    Each text votes with its length: a two-word text is often misjudged, a long one hardly.
    Classifier: py3langid, after Lui and Baldwin, "langid.py: An Off-the-shelf Language
    Identification Tool", ACL 2012.

    Examples
    --------
    >>> language(["The weather was lovely all week.", "We walked along the river."])
    'en'
    """
    if not texts:
        raise InputError("there are no texts to tell the language of", "give at least one")
    import py3langid

    chosen = np.linspace(0, len(texts) - 1, min(n_sample, len(texts))).astype(int).tolist()
    votes: Counter[str] = Counter()
    for row in chosen:
        text = texts[row][:1000]
        votes[py3langid.classify(text)[0]] += len(text)
    winner, weight = votes.most_common(1)[0]
    return winner if weight >= share * votes.total() else MIXED


def lengths(examples: Examples) -> Lengths:
    """Return the lengths of the texts in words.

    >>> lengths(Examples(("a b c", "a b c d e")))
    Lengths(median=4.0, p95=4.9)
    """
    pairs = examples.pairs or ("",) * len(examples)
    words = [
        len(text.split()) + len(pair.split())
        for text, pair in zip(examples.texts, pairs, strict=True)
    ]
    median, p95 = np.percentile(words, [50, 95])
    return Lengths(float(median), round(float(p95), 4))


def fingerprint(dataset: Dataset) -> str:
    """Return the SHA-256 of the rows of both splits, in order: whatever file they came from.

    >>> rows = Examples(("a", "b"), ("x", "y"))
    >>> from charz.records import DatasetFacts
    >>> fingerprint(Dataset(DatasetFacts("d", "files:d", "d"), rows, rows))[:12]
    '882ff8fefdfd'
    """
    digest = hashlib.sha256()
    for split, examples in (("train", dataset.train), ("test", dataset.test)):
        for row in _rows(examples):
            digest.update(json.dumps([split, *row], ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def overlap(train: Examples, test: Examples) -> int:
    """Return how many rows of ``test`` have a text (with its pair) that stands in ``train``.

    Case and runs of blanks do not count.

    >>> overlap(Examples(("A  cat", "dog")), Examples(("a cat", "cow", "a cat")))
    2
    """
    known = set(text_keys(train))
    return sum(key in known for key in text_keys(test))


def _rows(examples: Examples) -> Iterator[list[str | None]]:
    missing = (None,) * len(examples)
    columns = (examples.texts, examples.pairs or missing, examples.labels or missing)
    return (list(row) for row in zip(*columns, strict=True))
