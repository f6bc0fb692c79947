"""How regions are labelled, against the words of the glossary, row by row."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charz.regions import _seen
from charz.regions._seen import Seen


def slow(train, asked, covered, region):
    """Return the status of a region by counting."""
    own = [c for c, r in zip(covered, asked, strict=True) if r == region]
    n_train = train.count(region)
    if not own:
        return "unasked"
    if not n_train:
        return "empty"
    is_bare = sum(own) * 2 < len(own)
    is_short = n_train * len(asked) * 2 < len(own) * len(train)
    return "thin" if is_bare or is_short else "covered"


@given(
    train=st.lists(st.integers(0, 3), min_size=1, max_size=16),
    rows=st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=32),
)
def test_statuses_are_those_of_counting(train, rows):
    asked, covered = ([row[side] for row in rows] for side in (0, 1))
    seen = Seen(
        np.zeros((len(rows), 1)), np.array(covered), np.ones(len(train)), np.array(train),
        np.array(asked), 4, 2, 0.5,
    )  # fmt: skip
    assert _seen.statuses(seen) == [slow(train, asked, covered, region) for region in range(4)]
