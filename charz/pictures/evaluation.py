"""Pictures of an evaluation: error by size, said against true, coverage, worth of features.

Same-domain and shifted rows stand in panels of their own. Colours as in `charz.pictures`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charz import pictures

if TYPE_CHECKING:
    from charz.records import Floats

    Row = Mapping[str, Any]

BUCKETS = ("8", "16-32", "64-128", "256-512", ">=1024")
SETTINGS = {"same": "same domain", "shift": "shift: train and eval rows of two groups"}
HELD = {
    "groups": "dataset groups held out",
    "lineages": "encoder lineages held out",
    "both": "dataset groups and encoder lineages held out",
}
BAND = 0.05
"""Coverage this near the promise counts as kept."""
_BLUE, _ORANGE, _GREEN, _PINK, _YELLOW = pictures.COLOURS[:5]
_GREY, _INK = "#767676", "#222222"


@dataclass(frozen=True)
class Points:
    """What one metamodel said of held-out rows; arrays (rows,), ``ends`` (rows, 2)."""

    method: str
    hold_out: str
    truth: Floats
    answer: Floats
    ends: Floats
    groups: Any
    settings: Any


def draw(
    folder: Path,
    metric: str,
    rows: Sequence[Row],
    points: Sequence[Points],
    importance: Sequence[Row],
) -> list[Path]:
    """Draw all pictures of one metric into a folder, each as PNG and SVG.

    Parameters
    ----------
    rows, importance : sequences of mappings
        Rows of the tables ``evaluation`` and ``importance``.
    points : sequence of Points
        One for every metamodel.
    """
    drawn = {f"{metric}-error-by-size": error_by_size(metric, rows)}
    for each in points:
        drawn[f"{metric}-{each.method}-said-and-true"] = said_and_true(metric, each)
        if math.isfinite(float(each.ends.max())):
            level = float(rows[0]["level"])
            drawn[f"{metric}-{each.method}-coverage"] = coverage(metric, each, level)
    for item in dict.fromkeys(row["item"] for row in importance):
        own = [row for row in importance if row["item"] == item]
        drawn[f"{metric}-{item}-importance"] = worth(metric, own)
    return [
        pictures.write(figure, folder / f"{name}{suffix}")
        for name, figure in drawn.items()
        for suffix in (".png", ".svg")
    ]


def error_by_size(metric: str, rows: Sequence[Row]) -> Any:
    """Return a figure of the mean absolute error by size of the training sample."""
    held = max((row["hold_out"] for row in rows), key=list(HELD).index)
    rows = [row for row in rows if row["hold_out"] == held]
    settings = _settings(row["setting"] for row in rows)
    title = f"Error of the predicted {_said(metric)}, by labelled training rows"
    figure, axes = _panels(title, HELD[held], settings, width=5.0, height=4.6)
    for axis, setting in zip(axes, settings, strict=True):
        own = [row for row in rows if row["setting"] == setting]
        buckets = [bucket for bucket in BUCKETS if any(row["bucket"] == bucket for row in own)]
        axis.set_xticks(range(len(buckets)), [each.replace(">=", "≥ ") for each in buckets])
        axis.set_xlim(-0.3, len(buckets) - 0.7 + 0.95)
        axis.set_xlabel("labelled training rows")
        for number, (name, method) in enumerate(_lines(own).items()):
            _line(axis, own, buckets, name, method, number)
        axis.set_ylim(bottom=0)
        _ends(axis, len(buckets) - 1)
    axes[0].set_ylabel(f"mean absolute error, {_unit(rows)}")
    return figure


def _lines(rows: Sequence[Row]) -> dict[str, str]:
    """Return what is drawn: name and method, metamodels first."""
    whole = {row["method"]: row for row in rows if row["bucket"] == "all"}
    found = {each: each for each, row in whole.items() if row["kind"] == "metamodel"}
    if "cv" in whole:
        found["cross-validation"] = "cv"
    others = [row for row in whole.values() if row["kind"] == "estimator" and row["method"] != "cv"]
    if others:
        best = min(others, key=lambda row: (row["mae"], row["method"]))["method"]
        found[f"best estimator: {best}"] = best
    if "constant" in whole:
        found["constant"] = "constant"
    return found


def _line(
    axis: Any, rows: Sequence[Row], buckets: list[str], name: str, method: str, number: int
) -> None:
    by_bucket = {row["bucket"]: row for row in rows if row["method"] == method}
    at = [place for place, bucket in enumerate(buckets) if bucket in by_bucket]
    own = [by_bucket[buckets[place]] for place in at]
    means = [row["mae"] for row in own]
    spreads = [row["mae_se"] or 0.0 for row in own]
    colour, style = _look(name, number)
    low = [mean - spread for mean, spread in zip(means, spreads, strict=True)]
    high = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
    axis.fill_between(at, low, high, color=colour, alpha=0.13, linewidth=0)
    axis.plot(at, means, color=colour, marker="o", markersize=4.5, label=name, **style)
    if number == 0 and all(row["noise_floor"] is not None for row in own):
        floors = [row["noise_floor"] for row in own]
        axis.fill_between(at, 0, floors, color="#e9e9e9", linewidth=0, zorder=0)
        axis.plot(at, floors, color="#9a9a9a", linewidth=1.2, label="noise floor", zorder=0.5)


def _look(name: str, number: int) -> tuple[str, dict[str, Any]]:
    """Return the colour and the stroke of a line."""
    fixed = {"cross-validation": _ORANGE, "constant": _GREY}
    if name in fixed:
        dashes = {"linestyle": (0, (4, 3))} if name == "constant" else {}
        return fixed[name], {"linewidth": 1.5, **dashes}
    if name.startswith("best estimator"):
        return _GREEN, {"linewidth": 1.5}
    return (_BLUE, _PINK, _YELLOW)[number % 3], {"linewidth": 2.4, "zorder": 3}


def _ends(axis: Any, last: int) -> None:
    """Write every line's name beside its end, moved apart where ends are close."""
    lines = [line for line in axis.get_lines() if len(line.get_xdata())]
    low, high = axis.get_ylim()
    values = [float(line.get_ydata()[-1]) for line in lines]
    gap = 0.062 * (high - low)
    places = pictures.apart(values, gap, low + gap / 2, high)
    for line, value, place in zip(lines, values, places, strict=True):
        axis.annotate(
            line.get_label(), (float(line.get_xdata()[-1]), value), (last + 0.18, place),
            textcoords="data", color=_INK, fontsize=9, va="center",
            arrowprops={"arrowstyle": "-", "color": line.get_color(), "linewidth": 1.2,
                        "relpos": (0, 0.5), "shrinkA": 2, "shrinkB": 4},
        )  # fmt: skip


def said_and_true(metric: str, points: Points) -> Any:
    """Return a figure of predicted against true values, a dot per row."""
    settings = _settings(points.settings)
    title = f"{_capital(_said(metric))} as {points.method} predicts it, against the truth"
    figure, axes = _panels(title, HELD[points.hold_out], settings, width=4.6, height=4.9)
    high = 1.0 if points.truth.max() <= 1 else float(points.truth.max())
    for axis, setting in zip(axes, settings, strict=True):
        own = points.settings == setting
        truth, answer = points.truth[own], points.answer[own]
        alpha = min(0.6, max(0.08, 12 / max(1, len(truth)) ** 0.5))
        axis.plot([0, high], [0, high], color=_GREY, linewidth=1.1, zorder=1)
        axis.scatter(answer, truth, s=9, color=_BLUE, alpha=alpha, linewidths=0, rasterized=True)
        said = f"{own.sum():,} rows of {len(set(points.groups[own].tolist()))} dataset groups"
        axis.text(0.03, 0.965, said, transform=axis.transAxes, fontsize=9, color=_INK, va="top")
        axis.set_aspect("equal")
        axis.set_xlim(0, high)
        axis.set_ylim(0, high)
        axis.grid(color="#ececec", linewidth=0.8)
        axis.set_xlabel(f"predicted {_said(metric)}")
    axes[0].set_ylabel(f"true {_said(metric)}")
    return figure


def coverage(metric: str, points: Points, level: float) -> Any:
    """Return a figure of how often intervals hold the truth, a dot per dataset group."""
    settings = _settings(points.settings)
    title = f"How often the {level:.0%} intervals of {points.method} hold the true {_said(metric)}"
    figure, axes = _panels(title, HELD[points.hold_out], settings, width=4.9, height=4.4)
    inside = (points.ends[:, 0] <= points.truth) & (points.truth <= points.ends[:, 1])
    for axis, setting in zip(axes, settings, strict=True):
        own = points.settings == setting
        names = sorted(set(points.groups[own].tolist()))
        shares = sorted(float(inside[own & (points.groups == name)].mean()) for name in names)
        mean = sum(shares) / len(shares)
        axis.axhspan(level - BAND, min(1, level + BAND), color="#dcebf5", linewidth=0, zorder=0)
        axis.axhline(level, color=_BLUE, linewidth=1.1, zorder=1)
        colours = [_ORANGE if share < level - BAND else _BLUE for share in shares]
        axis.vlines(range(len(shares)), 0, shares, color="#d9d9d9", linewidth=1, zorder=1)
        axis.scatter(range(len(shares)), shares, s=20, color=colours, zorder=3, clip_on=False)
        axis.text(
            0.98, 0.04, f"{mean:.1%} on average\n{len(shares)} dataset groups", fontsize=9,
            color=_INK, transform=axis.transAxes, ha="right", va="bottom", zorder=4,
            bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 3},
        )  # fmt: skip
        axis.set_ylim(0, 1.02)
        ticks = sorted({0, 0.25, 0.5, 0.75, level, 1})
        axis.set_yticks(ticks, [f"{tick:.0%}" for tick in ticks])
        axis.set_xticks([])
        axis.set_xlabel("dataset groups, the worst served first")
    axes[0].set_ylabel("truths inside the interval")
    return figure


def worth(metric: str, rows: Sequence[Row]) -> Any:
    """Return a figure of what each family of features is worth."""
    settings = _settings(row["setting"] for row in rows)
    title = f"What each family of features is worth to {rows[0]['item']}"
    held = f"rise of the error in {_said(metric)} on dataset groups held out"
    first = [row for row in rows if row["setting"] == settings[0]]
    order = [row["family"] for row in sorted(first, key=lambda row: row["permuted"])]
    order += sorted({row["family"] for row in rows} - set(order))
    height = 1.9 + 0.36 * len(order)
    figure, axes = _panels(title, held, settings, width=4.4, height=height, share=True)
    for axis, setting in zip(axes, settings, strict=True):
        own = {row["family"]: row for row in rows if row["setting"] == setting}
        axis.axvline(0, color=_GREY, linewidth=1)
        for shift, (name, colour, label) in zip(
            (0.13, -0.13),
            (("permuted", _BLUE, "shuffled"), ("dropped", _ORANGE, "fitted without")),
            strict=True,
        ):
            at = [place + shift for place, family in enumerate(order) if family in own]
            values = [own[family][name] for family in order if family in own]
            spreads = [own[family][f"{name}_se"] or 0.0 for family in order if family in own]
            axis.errorbar(
                values, at, xerr=spreads, fmt="o", color=colour, markersize=5.5,
                elinewidth=1.4, label=label,
            )  # fmt: skip
        axis.set_yticks(range(len(order)), order)
        axis.set_ylim(-0.6, len(order) - 0.4)
        axis.grid(axis="x", color="#e9e9e9", linewidth=0.8)
        axis.grid(visible=False, axis="y")
        axis.set_xlabel(f"rise of the mean absolute error, {_unit(rows)}")
    axes[0].legend(frameon=False, loc="lower right", fontsize=9)
    return figure


def _panels(
    title: str, held: str, settings: Sequence[str], *, width: float, height: float,
    share: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """Return a figure and its axes, one for every setting, named above."""
    figure = pictures.blank(max(6.4, width * len(settings) + 0.9), height)
    figure.suptitle(f"{title}\n\n", x=0.012, ha="left", fontsize=12.5, fontweight="bold")
    figure.text(0.012, 1 - 0.37 / height, held, fontsize=9.5, color="#555555", va="top")
    axes = figure.subplots(1, len(settings), squeeze=False, sharey=share)[0]
    for axis, setting in zip(axes, settings, strict=True):
        axis.set_title(SETTINGS[setting], loc="left", fontsize=10.5, color=_INK)
        axis.grid(axis="y", color="#e9e9e9", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.tick_params(length=0)
        for side in ("top", "right", "left"):
            axis.spines[side].set_visible(False)
    return figure, axes


def _settings(found: Any) -> list[str]:
    known = {str(each) for each in found}
    return [setting for setting in SETTINGS if setting in known]


def _said(metric: str) -> str:
    return {"macro_f1": "macro F1", "log_loss": "log loss"}.get(metric, metric)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _unit(rows: Sequence[Row]) -> str:
    return "points" if rows[0]["unit"] == "points" else "nats"
