"""The picture of a choice: files repeat themselves, and text stays inside its room."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import pictures
from charz.errors import InputError
from charz.pictures import heads

gains = st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(sorted)


def row(name: str, three: list[float], *, linear: bool = True) -> dict[str, object]:
    low, middle, high = three
    return {"head": name, "value": 0.5, "gain": middle, "gain_low": low, "gain_high": high,
            "p_best": 0.25, "seconds": 1.5, "is_linear": linear}  # fmt: skip


@given(st.lists(gains, min_size=1, max_size=9), st.integers(40, 120))
@settings(deadline=None, max_examples=60)
def test_text_keeps_to_its_width_and_marks_zero_and_the_middle(found, width):
    rows = [row(f"head{place}", three) for place, three in enumerate(found)]
    lines = heads.text(rows, width).splitlines()
    assert len(lines) == len(rows)
    assert max(map(len, lines)) <= width
    for line in lines:
        bar = line[18:]
        assert bar.count("+") == 1
        assert bar.count("|") <= 1


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_rows_make_the_same_file(tmp_path, suffix):
    pytest.importorskip("matplotlib")
    rows = [row("svm", [-0.01, 0.01, 0.03], linear=False), row("logistic", [0.0, 0.0, 0.0])]
    first = heads.save("Which head?", rows, tmp_path / f"a{suffix}", "two").read_bytes()
    again = heads.save("Which head?", rows, tmp_path / f"b{suffix}", "two").read_bytes()
    assert first == again
    assert len(first) > 1000


def test_every_head_is_drawn_and_none_is_an_error(tmp_path):
    pytest.importorskip("matplotlib")
    rows = [row(name, [-0.1, 0.0, 0.1]) for name in ("a", "b", "c")]
    axes = heads.figure("t", rows).axes[0]
    assert [each.get_text() for each in axes.get_yticklabels()] == ["c", "b", "a"]
    np.testing.assert_allclose(axes.get_ylim(), (-0.6, 2.6))
    with pytest.raises(InputError, match="no head"):
        heads.figure("t", [])
    with pytest.raises(InputError, match="no picture"):
        pictures.drawable(tmp_path / "a.gif")
