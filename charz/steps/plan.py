"""Plan: which cells to run next, by what they are expected to bring for what they cost.

Reads results, facts and, where given, a user's own texts; writes nothing but forecasts of what it
measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from charz.completion import _best, _plan, _scale
from charz.errors import InputError, RegistryError
from charz.records import Progress
from charz.steps import _costs, _filters, _lines, _models, _placed, _ranking

if TYPE_CHECKING:
    from charz.completion._model import Model
    from charz.steps._lines import Line
    from charz.store import Store

LEAST = 0.005
"""The share of a registry's variance that a cell must take away to be worth its while."""
MOST = 1000
"""Cells of a plan at most."""

Key = tuple[str, str]


@dataclass(frozen=True)
class Budget:
    """What a plan may take: seconds, or cells."""

    seconds: float = float("inf")
    cells: int = MOST


@dataclass(frozen=True)
class Plan:
    """Cells in the order to run them.

    Attributes
    ----------
    cells : list of dict
        ``task``, ``encoder`` (of the record), ``spec`` (of the registry, or None), ``gain``
        (accuracy for ``best``, a share of the variance for ``fill``), ``seconds``, their
        ``basis`` (``measured`` or ``predicted``) and ``total``, the seconds so far.
    goal : {"best", "fill"}
    before, after : float
        What is open before and, as expected, after these cells: for ``best`` the regret of taking
        the encoder that looks best, for ``fill`` the mean standard deviation of a score.
    is_worth : bool
        Whether more measuring would be worth it once these cells are done.
    notes : tuple of str
    """

    cells: list[dict[str, Any]]
    goal: str
    before: float
    after: float
    is_worth: bool
    notes: tuple[str, ...] = ()


def plan(
    store: Store | None,
    budget: Budget,
    *,
    dataset: str | None = None,
    train: str | None = None,
    measure: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    goal: str | None = None,
    limits: Mapping[str, Any] | None = None,
    record: str = "best",
    progress: Progress | None = None,
    **columns: Any,
) -> Plan:
    """Return which cells to run next.

    Parameters
    ----------
    store : Store, optional
        May only be absent where ``train`` is given.
    budget : Budget
    dataset : str, optional
        A dataset of the registry: any encoder that can be had may be proposed for it. With
        neither this nor ``train`` the registry is filled: its own encoders on its own datasets.
    train : str, optional
        A file of labelled texts, and what to ``measure`` of it first: what was is not done again.
    facts : mapping, optional
        More facts of the file's task.
    goal : {"best", "fill"}, optional
        To find the task's best encoder, by its expected gain in accuracy, or to know all scores,
        by the fall of variance; default: ``best`` for one task, ``fill`` for a registry.
    limits : mapping, optional
        Conditions on encoders, see `charz.steps.recommend.recommend`.

    Raises
    ------
    InputError
        When a budget is not positive, or both a dataset and a file are given.
    RegistryError
        When the registry has no dataset with texts, or no encoder that the record has.
    """
    if not (budget.seconds > 0 and budget.cells > 0):
        raise InputError("the budget is nothing", "give e.g. 1h or 20 cells")
    if dataset is not None and train is not None:
        raise InputError("there are two tasks", "give a dataset or a file, not both")
    model = _models.model(store, record)
    kept, _ = _placed.kept(model, limits or {})
    goal = goal or ("best" if dataset or train else "fill")
    known = _costs.speeds(store)
    notes: tuple[str, ...] = ()
    specs = {} if store is None else _lines.local(store, model)
    if train is not None:
        task = _placed.task(store, model, train=train, measure=measure, facts=facts,
                            progress=progress, **columns)  # fmt: skip
        speed = _ranking.rate([*task.measured.values()], task.sizes(model))
        known = replace(known, rate=speed or known.rate)
        lines, notes = [_lines.of_texts(model, task, kept, specs, known)], task.notes
    else:
        lines = _of_registry(store, model, dataset, kept, specs, known)
    made = _chosen(lines, goal, budget)
    return Plan(
        cells=_rows(made.cells, known),
        goal=goal,
        before=_open(lines, goal),
        after=_open(made.lines, goal),
        is_worth=made.is_worth,
        notes=tuple(notes),
    )


def following(
    store: Store,
    tried: set[Key],
    *,
    encoders: Sequence[str] = (),
    datasets: Sequence[str] = (),
    goal: str = "fill",
    record: str = "best",
) -> Key | None:
    """Return dataset and spec of the cell to run next here, None when none is worth it.

    Parameters
    ----------
    tried : set of (dataset, spec)
        Cells that are not proposed again.
    """
    model = _models.model(store, record)
    ids = set(_filters.encoders(store, encoders))
    names = set(_filters.datasets(store, datasets).values())
    specs, known = _lines.local(store, model, sorted(ids)), _costs.speeds(store)
    everyone = np.ones(len(model.encoders), dtype=bool)
    lines = [line for line in _of_registry(store, model, None, everyone, specs, known)
             if line.task in names]  # fmt: skip
    lines = [_untried(line, tried) for line in lines]
    made = _chosen(lines, goal, Budget(cells=1)).cells if lines else []
    if not made:
        return None
    (cell,) = made
    return str(cell.line.task), cell.line.specs[cell.line.names[cell.place]]


def _untried(line: Line, tried: set[Key]) -> Line:
    for place, name in enumerate(line.names):
        if (str(line.task), line.specs.get(name, "")) in tried:
            line = line.without(place)
    return line


def _of_registry(
    store: Store | None,
    model: Model,
    dataset: str | None,
    kept: np.ndarray,
    specs: Mapping[str, str],
    known: _costs.Speeds,
) -> list[Line]:
    """Return the line of one dataset over all encoders, or of every one over the registry's own."""
    if store is None:
        raise RegistryError("there is no registry to plan for", "make one, or give --train")
    rows = _lines.datasets(store)
    if dataset is not None:
        wanted = set(_filters.datasets(store, [dataset]))
        rows = [row for row in rows if row["id"] in wanted]
    else:
        kept = kept & np.isin(model.encoders.index, list(specs))
    if not rows:
        raise RegistryError("there is no dataset with texts to plan for",
                            "ingest one with 'charz ingest dataset', or give --train")  # fmt: skip
    if not kept.any():
        raise RegistryError(
            "no encoder of this registry is one of the record's",
            "ingest one, such as st:sentence-transformers/all-MiniLM-L6-v2",
        )
    return [_lines.of_dataset(store, model, row, kept, specs, known) for row in rows]


@dataclass(frozen=True)
class _Cell:
    """A place in a line, what it brings and what it costs."""

    line: Line
    place: int
    gain: float

    @property
    def seconds(self) -> float:
        return float(self.line.cost[self.place])


@dataclass
class _Choice:
    """Cells chosen so far: greedy, each line as if its cells had come out as expected."""

    lines: list[Line]
    goal: str
    whole: float
    cells: list[_Cell]
    is_worth: bool = False

    def rate(self, line: Line, ahead: _plan.Next | None) -> float:
        """Return gain per second of a line's next cell; minus infinity when it is not worth it."""
        if ahead is None or not ahead.is_worth:
            return -np.inf
        if self.goal == "fill" and ahead.gain < LEAST * self.whole:
            return -np.inf
        return ahead.gain / float(line.cost[ahead.place])


def _chosen(lines: Sequence[Line], goal: str, budget: Budget) -> _Choice:
    """Return the cells of a plan, the most gain per second first.

    A cell that does not fit into what is left of the budget is passed over for one that does.
    """
    whole = sum(float(np.trace(line.joint.covariance)) for line in lines)
    choice = _Choice(list(lines), goal, whole, [])
    ahead = [line.following(goal) for line in lines]
    spent = 0.0
    while True:
        pairs = zip(choice.lines, ahead, strict=True)
        rates = np.array([choice.rate(line, following) for line, following in pairs])
        at = int(rates.argmax())
        found = ahead[at]
        if found is None or not np.isfinite(rates[at]):
            return choice
        if len(choice.cells) >= budget.cells:
            choice.is_worth = True
            return choice
        line, place = choice.lines[at], found.place
        if spent + line.cost[place] > budget.seconds:
            choice.is_worth = True
            choice.lines[at] = line.without(place)
        else:
            spent += float(line.cost[place])
            gain = found.gain if goal == "best" else found.gain / whole
            choice.cells.append(_Cell(line, place, gain))
            choice.lines[at] = line.after(place)
        ahead[at] = choice.lines[at].following(goal)


def _open(lines: Sequence[Line], goal: str) -> float:
    """Return what is still open: the expected regret, or the mean SD of a score, as accuracies."""
    if goal == "best":
        return float(np.mean([_best.regret(line.joint) for line in lines]))
    sds = [line.joint.sd / _scale.slope(_scale.to_accuracy(line.joint.mean)) for line in lines]
    return float(np.mean(np.concatenate(sds)))


def _rows(cells: Sequence[_Cell], known: _costs.Speeds) -> list[dict[str, Any]]:
    rows, total = [], 0.0
    for cell in cells:
        name = cell.line.names[cell.place]
        spec, total = cell.line.specs.get(name), total + cell.seconds
        rows.append({"task": cell.line.task, "encoder": name, "spec": spec, "gain": cell.gain,
                     "seconds": cell.seconds, "basis": _costs.basis(known, spec),
                     "total": total})  # fmt: skip
    return rows
