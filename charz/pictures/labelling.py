"""Pictures of labelling: what labels are expected to gain, and how strategies compare."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from charz.answers import Advice
from charz.pictures import Chart, Curve


def outlook(advice: Advice) -> Chart:
    """Return what more labels are expected to gain, with the interval as a band.

    Examples
    --------
    >>> from charz.answers import Gain
    >>> gains = (Gain(2.0, 1.0, 4.0, 0.8, 50, 100), Gain(5.0, 2.0, 9.0, 0.8, 50, 400))
    >>> chart = outlook(Advice((), "margin", "asked for", 50, 3, 350, gains))
    >>> chart.curves[0].sizes, chart.curves[0].means
    ((50, 100, 400), (0.0, 0.02, 0.05))
    """
    gains = advice.outlook
    curve = Curve(
        name="expected",
        sizes=(gains[0].n_from, *(gain.n_to for gain in gains)),
        means=(0.0, *(gain.value / 100 for gain in gains)),
        spreads=(math.nan,) * (len(gains) + 1),
        lows=(0.0, *(gain.low / 100 for gain in gains)),
        highs=(0.0, *(gain.high / 100 for gain in gains)),
    )
    return Chart(
        title="What more labels are expected to gain",
        curves=(curve,),
        subtitle=f"from {advice.n_labelled} labels on; band: {gains[0].level:.0%} interval",
        metric="accuracy gained",
    )


def strategies(
    accuracies: Mapping[str, Mapping[int, Sequence[float]]], title: str, subtitle: str = ""
) -> Chart:
    """Return mean accuracy by labels of each strategy, ``random`` with a band over its seeds.

    Parameters
    ----------
    accuracies : mapping
        Of each strategy, by labels, the mean accuracy of every seed.

    Examples
    --------
    >>> chart = strategies({"random": {10: [0.5, 0.7], 20: [0.7, 0.7]}}, "a pool")
    >>> chart.curves[0].lows
    (0.5, 0.7)
    """
    found = []
    for name, by_size in accuracies.items():
        seeds = [by_size[size] for size in sorted(by_size)]
        means = tuple(sum(each) / len(each) for each in seeds)
        band = name == "random"
        found.append(Curve(
            name, tuple(sorted(by_size)), means, (math.nan,) * len(means),
            tuple(map(min, seeds)) if band else (), tuple(map(max, seeds)) if band else (),
        ))  # fmt: skip
    ordered = tuple(sorted(found, key=lambda curve: -curve.means[-1]))
    return Chart(title=title, curves=ordered, subtitle=subtitle)
