"""Pictures: where labels go, what files hold, and that text stays inside its room."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charz import pictures
from charz.errors import InputError, MissingExtraError
from charz.pictures import Chart, Curve, apart

SIZES = (16, 32, 64)
CLOSE = tuple(
    Curve(f"static:encoder{i}", SIZES, (0.5, 0.6, 0.7 + i / 1000), (0.05, 0.02, 0.01))
    for i in range(6)
)
CHART = Chart("Accuracy on a dataset", (*CLOSE, Curve("low", SIZES, (0.3, 0.3, 0.4), (0.1,) * 3)))


@given(
    st.lists(st.floats(-1, 2), min_size=1, max_size=12),
    st.floats(0.001, 0.5),
)
@settings(deadline=None)
def test_places_are_apart_inside_and_in_order(values: list[float], gap: float) -> None:
    places = apart(values, gap, 0, 1)
    kept = min(gap, 1 / max(1, len(values) - 1))
    order = np.argsort(values, kind="stable")
    steps = np.diff(np.array(places)[order])
    assert (steps >= kept - 1e-6).all()
    assert min(places) >= -1e-6
    assert max(places) <= 1 + 1e-6


@given(st.lists(st.floats(0, 1), min_size=2, max_size=5), st.floats(0.01, 0.2))
@settings(deadline=None, max_examples=50)
def test_places_move_least(values: list[float], gap: float) -> None:
    from scipy.optimize import minimize

    values = sorted(values)
    found = np.array(apart(values, gap, 0, 1))
    ahead = [
        {"type": "ineq", "fun": lambda x, i=i: x[i + 1] - x[i] - gap}
        for i in range(len(values) - 1)
    ]
    start = np.linspace(0, 1, len(values))
    best = minimize(
        lambda x: ((x - values) ** 2).sum(), start, bounds=[(0, 1)] * len(values),
        constraints=ahead, method="SLSQP", options={"ftol": 1e-12},
    )  # fmt: skip
    assert ((found - values) ** 2).sum() <= best.fun + 1e-5


def test_curves_stand_by_their_last_score() -> None:
    rows = [
        {"encoder": name, "n_train": n, "accuracy": score, "spread": None}
        for name, scores in {"a": (0.9, 0.5), "b": (0.4, 0.6)}.items()
        for n, score in zip((32, 16), reversed(scores), strict=True)
    ]
    found = pictures.curves(rows)
    for curve in found:
        by_size = {row["n_train"]: row["accuracy"] for row in rows if row["encoder"] == curve.name}
        assert dict(zip(curve.sizes, curve.means, strict=True)) == by_size
        assert list(curve.sizes) == sorted(by_size)
    assert found[0].means[-1] >= found[1].means[-1]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_chart_makes_the_same_file(tmp_path: Path, suffix: str) -> None:
    first = pictures.save(CHART, tmp_path / f"a{suffix}").read_bytes()
    again = pictures.save(CHART, tmp_path / f"b{suffix}").read_bytes()
    assert first == again
    assert len(first) > 1000


def test_a_vector_picture_names_every_curve(tmp_path: Path) -> None:
    chart = Chart("Accuracy", CLOSE, "how it was made", majority=0.35)
    drawn = pictures.save(chart, tmp_path / "a.svg").read_text()
    for words in (*(curve.name for curve in CLOSE), "majority class", "how it was made"):
        assert f"<!-- {words} -->" in drawn


def test_no_word_of_a_picture_overlaps_another_or_the_edge() -> None:
    from matplotlib.text import Text

    figure = pictures.figure(Chart("Accuracy", CLOSE, "how it was made", majority=0.69))
    figure.canvas.draw()
    axes = figure.axes[0]
    low, high = axes.get_ylim()
    unseen = [tick.label1 for tick in axes.yaxis.get_major_ticks()
              if not low <= tick.get_loc() <= high]  # fmt: skip
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text not in unseen]
    # Of an annotation the words alone: its own extent holds the leader too.
    boxes = [Text.get_window_extent(text) for text in texts if text.get_text()]
    assert {"Accuracy", "how it was made", "majority class", "64"} <= {
        text.get_text() for text in texts
    }
    width, height = figure.canvas.get_width_height()
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    for box in boxes:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height


@given(st.integers(50, 120), st.integers(14, 40), st.booleans())
@settings(deadline=None, max_examples=25)
def test_text_names_every_curve_and_stays_in_its_room(
    width: int, height: int, has_majority: bool
) -> None:
    chart = Chart(CHART.title, CHART.curves, majority=0.35 if has_majority else None)
    lines = pictures.text(chart, width, height).splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    names = [curve.name for curve in chart.curves] + ["majority class"] * has_majority
    for name in names:
        assert sum(name in line for line in lines) == 1
    assert all(str(size) in lines[-2] for size in SIZES)
    assert not any("\x1b" in line for line in lines)


def test_text_is_drawn_afresh_each_time() -> None:
    first = pictures.text(CHART)
    pictures.text(Chart("another", (Curve("x", (8, 16), (0.1, 0.9), (0.0, 0.0)),)))
    assert pictures.text(CHART) == first


@pytest.mark.parametrize("draw", [pictures.text, lambda chart: pictures.save(chart, Path("x.png"))])
def test_nothing_to_draw_is_an_error(draw) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="no curves for 'empty'"):
        draw(Chart("empty", ()))


def test_other_suffixes_and_too_little_room_are_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no picture; name it \.png"):
        pictures.save(CHART, tmp_path / "a.txt")
    with pytest.raises(InputError, match="too few"):
        pictures.text(CHART, 20, 10)


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hidden:
        def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
            if name == "plotext":
                raise ModuleNotFoundError(name)

    monkeypatch.delitem(sys.modules, "plotext", raising=False)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(MissingExtraError, match=r"pip install 'charz\[report\]'"):
        pictures.require()
