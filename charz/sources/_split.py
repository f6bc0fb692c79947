"""A test split where the source has none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from charz.errors import InputError
from charz.records import Examples
from charz.samplers._random import permutation

TEST_SHARE = 0.3


def take(examples: Examples, rows: Iterable[int]) -> Examples:
    """Return the given rows of a split.

    >>> take(Examples(("a", "b", "c"), ("x", "y", "x")), [2, 0])
    Examples(texts=('c', 'a'), labels=('x', 'x'), pairs=None)
    """
    chosen = list(rows)
    return Examples(
        tuple(examples.texts[row] for row in chosen),
        None if examples.labels is None else tuple(examples.labels[row] for row in chosen),
        None if examples.pairs is None else tuple(examples.pairs[row] for row in chosen),
    )


def joined(first: Examples, then: Examples) -> Examples:
    """Return the rows of two splits without labels, one after the other.

    >>> joined(Examples(("a",)), Examples(("b",)))
    Examples(texts=('a', 'b'), labels=None, pairs=None)
    """
    pairs = None
    if first.pairs is not None and then.pairs is not None:
        pairs = first.pairs + then.pairs
    return Examples(first.texts + then.texts, pairs=pairs)


def text_keys(examples: Examples) -> Iterator[tuple[str, ...]]:
    """Yield what makes two rows the same text (and pair): case and runs of blanks do not count.

    >>> list(text_keys(Examples(("A  cat",))))
    [('a cat',)]
    """
    columns = (examples.texts, examples.pairs) if examples.pairs else (examples.texts,)
    for row in zip(*columns, strict=True):
        yield tuple(" ".join(text.casefold().split()) for text in row)


def share(value: object) -> float:
    """Return ``value`` as a share strictly between 0 and 1."""
    try:
        number = float(str(value))
    except ValueError:
        number = 0.0
    if not 0 < number < 1:
        raise InputError(f"the test share {value!r:.40} is not between 0 and 1", "give e.g. 0.3")
    return number


def seed_of(value: object) -> int:
    """Return ``value`` as a seed, a whole number from 0."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InputError(f"the seed {value!r:.40} is no whole number", "give e.g. 0")
    return int(text)


def stratified(
    examples: Examples, test_share: float = TEST_SHARE, seed: int = 0
) -> tuple[Examples, Examples]:
    """Split labelled examples into train and test, class by class.

    Of every class about ``test_share`` of the distinct texts go to test, at least one stays
    in train, and rows of one text (and pair), but for case and blanks, are never parted. The
    split depends on nothing but the rows, the share and the seed, on every platform.

    >>> train, test = stratified(Examples(tuple("abcdefghij"), tuple("xxxxxyyyyy")), 0.4)
    >>> len(train), len(test), sorted(test.labels)
    (6, 4, ['x', 'x', 'y', 'y'])
    """
    rows_of: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, key in enumerate(text_keys(examples)):
        rows_of[key].append(row)
    held = sorted(
        row for rows in _chosen(examples, [*rows_of.values()], test_share, seed) for row in rows
    )
    kept = sorted(set(range(len(examples))) - set(held))
    return take(examples, kept), take(examples, held)


def _chosen(
    examples: Examples, groups: list[list[int]], test_share: float, seed: int
) -> Iterable[list[int]]:
    """Yield the groups of rows that go to test; a group counts under its first row's label."""
    labels = examples.labels or ()
    strata: dict[str, list[int]] = defaultdict(list)
    for group in permutation(len(groups), seed, "test split").tolist():
        strata[labels[groups[group][0]]].append(group)
    for members in strata.values():
        n_test = min(int(test_share * len(members) + 0.5), len(members) - 1)
        yield from (groups[group] for group in members[:n_test])
