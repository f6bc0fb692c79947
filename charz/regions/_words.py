"""Names of regions: the words that are said in one more than in the others.

Formula: with y the texts of a region that have a word, n all its texts, a the texts of all regions
that have it, scaled to `PRIOR` texts and at least a hundredth of one, and n0 their number, the log
odds ln((y + a) / (n + n0 - y - a)) of the region, less those of all other regions, over the square
root of 1 / (y + a) of both sides. The words of the largest scores name the region, English stop
words left out. Texts are counted, not words, so that one text that repeats a word a thousand times
names nothing.
Source: Monroe, Colaresi and Quinn, Fightin' words, Political Analysis 2008, equations 15, 16, 22
(log odds with an informative Dirichlet prior).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from charz.records import Floats, Ints

PRIOR = 50.0
LEAST = 1.96
"""Score from which on a word is distinctive."""
MOST_CHARACTERS = 2000
"""Characters of a text that are read."""
MOST_WORD = 24
WORD = re.compile(r"[^\W_][\w'\u2019-]*[^\W_]")


def words(text: str) -> frozenset[str]:
    r"""Return the different words of a text: of two letters or digits and more, not all digits.

    >>> sorted(words("The good\x1b[31m, the BAD & 42 \u202eugly"))
    ['31m', 'bad', 'good', 'the', 'ugly']
    """
    shown = unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]).casefold()
    # Of what the terminal obeys nothing is in a word: \w has no control or direction characters.
    found = (match.group()[:MOST_WORD] for match in WORD.finditer(shown))
    return frozenset(word for word in found if not word.isdigit())


def names(texts: Sequence[str], regions: Ints, n_regions: int, most: int = 4) -> list[str]:
    """Return a name for every region: its distinctive words, the most telling first.

    Where no word is distinctive, and where a region has no text, the name is empty.

    >>> texts = ["cheap flight", "late flight", "flight home"] * 4 + ["fresh bread", "bread"] * 6
    >>> names(texts, np.array([0] * 12 + [1] * 12), 2, most=1)
    ['flight', 'bread']
    """
    sets = [words(text) for text in texts]
    vocabulary, counts = count(sets, regions, n_regions)
    if not vocabulary:
        return [""] * n_regions
    scores = log_odds(counts, np.bincount(regions, minlength=n_regions).astype(float))
    scores[:, [word in _common() for word in vocabulary]] = -np.inf
    return [", ".join(_best(vocabulary, row, most)) for row in scores]


@cache
def _common() -> frozenset[str]:
    """Return words that say nothing of what a text is about, of English."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS)


def count(
    sets: Sequence[frozenset[str]], regions: Ints, n_regions: int
) -> tuple[list[str], Floats]:
    """Return words in two texts or more, and how many texts of each region have them."""
    total = Counter(word for each in sets for word in each)
    vocabulary = sorted(word for word, n in total.items() if n > 1)
    place = {word: column for column, word in enumerate(vocabulary)}
    counts = np.zeros((n_regions, len(vocabulary)))
    for each, region in zip(sets, regions.tolist(), strict=True):
        known = [place[word] for word in each if word in place]
        counts[region, known] += 1
    return vocabulary, counts


def log_odds(counts: Floats, sizes: Floats) -> Floats:
    """Return the scores of every word in every region, (n_regions, n_words).

    Parameters
    ----------
    counts : float array (n_regions, n_words)
        Texts that have the word.
    sizes : float array (n_regions,)
        Texts.
    """
    total, everything = counts.sum(axis=0), sizes.sum()
    prior = np.maximum(total * PRIOR / everything, 0.01)
    inside, outside = counts + prior, total - counts + prior
    n_in = sizes[:, None] + PRIOR
    n_out = everything - sizes[:, None] + PRIOR
    odds = np.log(inside / np.maximum(n_in - inside, 0.5))
    odds -= np.log(outside / np.maximum(n_out - outside, 0.5))
    scores: Floats = odds / np.sqrt(1 / inside + 1 / outside)
    return scores


def _best(vocabulary: Sequence[str], scores: Floats, most: int) -> list[str]:
    order = np.lexsort((np.arange(len(vocabulary)), -scores.round(9)))[:most]
    return [vocabulary[column] for column in order if scores[column] >= LEAST]
