"""The table of judging: every method on rows that it has not seen, held out in three ways.

`judge` runs one way of holding out and keeps every answer with its interval; `rows` turns
that into figures by setting and size of the training sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.metamodels import (
    _choice,
    _design,
    _domain,
    _heldout,
    _judging,
    _judging_baselines,
    _link,
    _risks,
    _support,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from charz.metamodels._bundle import Table
    from charz.records import Floats, Ints

    Row = dict[str, Any]

#: Truths measured on as many rows have comparable noise floors.
LEAST_EVAL = 500
#: Groups are left out of the calibration of their intervals in as many folds.
INTERVAL_FOLDS = 20
CV = "cv"
KINDS = ("metamodel", "baseline", "estimator")


@dataclass(frozen=True)
class Judged:
    """What one method said of every row, by one way of holding out.

    Attributes
    ----------
    hold_out : str
        ``groups``, ``lineages`` or ``both``.
    method, kind : str
        Its name; ``metamodel``, ``baseline`` or ``estimator``. A metamodel that heeds what it is
        told of the eval rows (`charz.metamodels._domain`) stands here a second time, told what
        each row is, under `_heldout.told_name`.
    answer : array (rows,)
        NaN where it is not defined.
    ends : array (rows, 2)
        Intervals calibrated without the row's group (or lineage).
    """

    hold_out: str
    method: str
    kind: str
    answer: Floats
    ends: Floats


def ways(table: Table) -> tuple[str, ...]:
    """Return what can be held out of a table: nothing where there is a single group."""
    several = [len(np.unique(each)) > 1 for each in (table.groups, table.lineages)]
    possible = {"groups": several[0], "lineages": several[1], "both": all(several)}
    return tuple(way for way in _heldout.HOLD_OUTS if possible[way])


def least_eval(table: Table, asked: int | None) -> int:
    """Return how many eval rows a judged row needs: as asked, else 500 where any row has them."""
    if asked is not None:
        return asked
    return LEAST_EVAL if (table.features["n_eval"] >= LEAST_EVAL).any() else 0


def judge(
    table: Table,
    items: Sequence[str],
    hold_outs: Sequence[str],
    *,
    level: float = 0.9,
    n_folds: int | None = None,
    workers: int = 1,
    told: Callable[[str], None] | None = None,
) -> list[Judged]:
    """Let every method answer for every row without what is held out with it.

    Parameters
    ----------
    table : Table
        With ``keys``; targets at the samples' own sizes.
    items : sequence of str
        Metamodels.
    hold_outs : sequence of {"groups", "lineages", "both"}
    n_folds : int, optional
        Folds of groups; see `_heldout.blocks`.
    told : callable, optional
        Called with the name of each method that is done.
    """
    found: list[Judged] = []
    for hold_out in hold_outs:
        blocks = _heldout.blocks(table.groups, table.lineages, table.sources, hold_out, n_folds)
        unit = "lineages" if hold_out == "lineages" else "groups"
        covariates = _covariates(table, unit)
        for said in _answers(table, items, blocks, workers):
            # An estimator learns from no other row: what is held out changes its interval alone.
            same = [
                each for each in found
                if said.kind == "estimator" and each.method == said.method and _unit(each) == unit
            ]  # fmt: skip
            ends = same[0].ends if same else _ends(table, said, covariates, unit, level)
            found.append(Judged(hold_out, said.method, said.kind, said.answer, ends))
            if told is not None:
                told(f"{said.method}, {hold_out} held out")
    return found


@dataclass(frozen=True)
class _Said:
    """What one method said of every row, (rows,), and whether it was told what each row is."""

    method: str
    kind: str
    answer: Floats
    is_told: bool = False


def _unit(judged: Judged) -> str:
    return "lineages" if judged.hold_out == "lineages" else "groups"


def _ends(
    table: Table, said: _Said, covariates: dict[str, Floats], unit: str, level: float
) -> Floats:
    """Return the intervals of the rows where the answer is defined, NaN elsewhere."""
    answer, known = said.answer, np.isfinite(said.answer)
    apart = _link.fold_of(table.groups, INTERVAL_FOLDS) if unit == "groups" else table.lineages
    ends = np.full((len(answer), 2), np.nan)
    if known.any():
        ends[known] = _heldout.judged_intervals(
            answer[known],
            table.target[known],
            table.groups[known],
            {name: column[known] for name, column in covariates.items()},
            level,
            apart[known],
            (table.settings == "shift")[known],
            said.is_told,
        )
    return ends


def n_methods(table: Table, items: Sequence[str]) -> int:
    """Return how many methods `judge` runs by each way of holding out."""
    own = {*items, "constant"}
    n_told = sum(map(_domain.is_heard, own))
    return len(own) + n_told + 2 + len(_design.guesses(table.metric, table.features))


def _answers(
    table: Table, items: Sequence[str], blocks: _heldout.Blocks, workers: int
) -> Iterator[_Said]:
    """Yield what each method says, what is undefined NaN."""
    y, X = table.target, table.features
    for item in dict.fromkeys([*items, "constant"]):
        kind = "baseline" if item == "constant" else "metamodel"
        asked = [X, table.told] if _domain.is_heard(item) else [X]
        guessed, *told = blocks.several(item, X, y, table.groups, asked, workers)
        yield _Said(item, kind, guessed)
        for answer in told:
            yield _Said(_heldout.told_name(item), kind, answer, is_told=True)
    names = _judging_baselines.names(table.keys, table.settings, table.lineages)
    for baseline in (_judging_baselines.additive, _judging_baselines.static_order):
        answer = np.full(len(y), np.nan)
        for held, trained in blocks.pairs:
            known = (names[trained], y[trained], table.groups[trained])
            answer[held] = baseline(*known, names[held])
        yield _Said(baseline.__name__, "baseline", answer)
    for method, column in _design.guesses(table.metric, X).items():
        yield _Said(method, "estimator", _design.columns(X, [column])[:, 0])


def _covariates(table: Table, unit: str) -> dict[str, Floats]:
    """Return what intervals depend on: sizes, and how novel a row is to what is not held out."""
    units = table.lineages if unit == "lineages" else table.groups
    known = _support.fit(table.features, units)
    support = _support.held_out(known, table.features, units)
    return _risks.signs(table.features, support)


def rows(table: Table, found: Sequence[Judged], level: float, least: int) -> list[Row]:
    """Return the figures of every method by setting and bucket, on rows of ``least`` eval rows.

    A method is judged on the rows where it is defined, counted in ``n_rows``; ``cv_ratio`` is
    its MAE over that of cross-validation on the rows where both are.
    """
    judged = is_judged(table, least)
    names = _judging_baselines.names(table.keys, table.settings, table.lineages)
    chosen = _choice.sets(names, judged)
    undefined = np.full(len(table.target), np.nan)
    cv = next((each.answer for each in found if each.method == CV), undefined)
    by_set: dict[tuple[str, str], Floats] = {}
    lines = []
    for each in found:
        key = (each.method, "" if each.kind == "estimator" else each.hold_out)
        if key not in by_set:
            by_set[key] = _choices(table, each, chosen)
        facts: Row = {"hold_out": each.hold_out, "method": each.method, "kind": each.kind}
        facts |= {"level": level, "least_eval": least}
        parts = _parts(table, each, judged, cv, chosen, by_set[key])
        lines += [facts | part for part in parts]
    return lines


def is_judged(table: Table, least: int) -> Any:
    """Return whether each row is judged: of a real task, on enough eval rows.

    Tasks made of a dataset's classes (their eval rows have seeds) are learned from alone.
    """
    is_real = True if table.keys is None else (table.keys["eval_seed"] == 0).to_numpy()
    return (table.features["n_eval"] >= least).to_numpy() & is_real


def _choices(table: Table, each: Judged, chosen: list[Ints]) -> Floats:
    """Return how good the choices are that a method makes; see `_choice.judge`.

    A constant chooses at random. Who knows encoders by name alone says nothing of new ones.
    """
    answer = each.answer if _link.choose(table.target) == "share" else -each.answer
    truth = table.target if _link.choose(table.target) == "share" else -table.target
    if each.method == "constant":
        answer = np.zeros(len(truth))
    elif each.kind == "baseline" and each.hold_out != "groups":
        answer = np.full(len(truth), np.nan)
    return _choice.judge(answer, truth, chosen)


def _parts(
    table: Table, each: Judged, judged: Any, cv: Floats, chosen: list[Ints], by_set: Floats
) -> Iterator[Row]:
    """Yield the figures of one method, one row per setting and bucket."""
    known = np.flatnonzero(judged & np.isfinite(each.answer))
    y, groups = table.target, table.groups
    sizes = _heldout.sizes(table.features)
    unit = 100.0 if _link.choose(y) == "share" else 1.0
    first = np.array([members[0] for members in chosen], dtype=np.int64)
    for part, which in _judging.parts(table.settings[known], sizes["n_train"][known]):
        inside = known[which]
        some = (each.answer[inside], y[inside], groups[inside], each.ends[inside])
        in_part = np.isin(first, inside)
        yield (
            part
            | _judging.figures(*some, sizes["n_eval"][inside])
            | {
                "cv_ratio": _judging.ratio(each.answer[inside], cv[inside], *some[1:3]),
                "worst_coverage": _judging.worst_coverage(*some[1:]),
                **_choice.figures(by_set[in_part], groups[first[in_part]], unit),
            }
        )
