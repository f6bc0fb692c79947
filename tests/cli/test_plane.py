"""The map in characters: every row in its place, hidden by none that matters less."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from charz.answers import Plane
from charz.cli import _plane


def drawn(seed, n, m, k=3):
    rng = np.random.default_rng(seed)
    return Plane(
        rng.normal(size=(n, 2)), rng.normal(size=(m, 2)) * 2, rng.integers(1, k + 1, m),
        rng.random(m) < 0.5,
    )  # fmt: skip


@given(seed=st.integers(0, 999), n=st.integers(1, 30), m=st.integers(1, 60))
def test_characters_stand_where_a_loop_puts_them(seed, n, m):
    plane = drawn(seed, n, m)
    width, height = 40, 12
    both = np.vstack([plane.train, plane.eval])
    low, high = both.min(axis=0), both.max(axis=0)
    span = np.where(high > low, high - low, 1)
    marks = ["+"] * n + ["." if covered else "o" for covered in plane.covered]
    expected = {}
    for row, mark in zip(both, marks, strict=True):
        x, y = np.rint((row - low) / span * (width - 1, height - 1)).astype(int)
        place = (height - 1 - y, x)
        expected[place] = max(expected.get(place, " "), mark, key=" .o+".index)
    lines = _plane.lines(plane, width, height)
    assert len(lines) == height
    shown = {
        (y, x): character for y, line in enumerate(lines) for x, character in enumerate(line)
        if character != " "
    }  # fmt: skip
    numbers = {place for place, character in shown.items() if character.isdigit()}
    assert {shown[place] for place in numbers} <= set("123")
    assert len(numbers) <= len(set(plane.regions.tolist()))
    assert {p: c for p, c in shown.items() if p not in numbers} == {
        p: c for p, c in expected.items() if p not in numbers
    }


def test_a_number_of_two_digits_stays_inside():
    plane = Plane(np.zeros((1, 2)), np.array([[9.0, 9.0]]), np.array([12]), np.array([True]))
    first, *_ = _plane.lines(plane, 10, 3)
    assert first == " " * 8 + "12"
