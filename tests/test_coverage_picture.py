"""The map of a space: what is marked, that names are plain text, the same bytes twice."""

from dataclasses import replace

import numpy as np
import pytest

import charz
from charz.errors import InputError
from charz.pictures import coverage


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = rng.normal(size=(40, 4)) + 3 * y[:, None]
    far = rng.normal(size=(60, 4)) + np.array([0, 0, 0, 25])
    texts = ["known thing"] * 40 + ["strange novelty"] * 60
    return charz.coverage(X, y, np.vstack([X + 0.01, far]), texts, n_regions=2)


def test_the_uncovered_region_is_named_where_it_lies(found):
    axes = coverage.figure(found).axes[0]
    (text,) = (each for each in axes.texts if "novelty" in each.get_text())
    far = found.plane.eval[40:]
    from_middle = np.linalg.norm(far - np.median(far, axis=0), axis=1)
    (row,) = np.flatnonzero((far == text.xy).all(axis=1))
    assert from_middle[row] <= np.quantile(from_middle, 0.1)
    drawn = sum(len(each.get_offsets()) for each in axes.collections)
    assert drawn == 40 + 100 + 1  # labelled rows, eval rows and the ring


def test_dollars_in_a_name_are_no_formula(found, tmp_path):
    regions = tuple(replace(region, name="$\\frac{$") for region in found.regions)
    path = coverage.save(replace(found, regions=regions), tmp_path / "map.svg")
    assert path.stat().st_size > 1000


def test_the_same_answer_makes_the_same_bytes(found, tmp_path):
    first = coverage.save(found, tmp_path / "a.png").read_bytes()
    assert coverage.save(found, tmp_path / "b.png").read_bytes() == first


def test_no_place_and_no_suffix_are_told(found, tmp_path):
    with pytest.raises(InputError, match="no places"):
        coverage.figure(replace(found, plane=None))
    with pytest.raises(InputError, match="no picture"):
        coverage.save(found, tmp_path / "map.txt")
    with pytest.raises(InputError, match="no folder"):
        coverage.save(found, tmp_path / "none" / "map.png")
