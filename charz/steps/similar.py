"""Similar: which tasks of a registry are nearest to one, and whether their rows help it.

Reads embeddings, labels and results; writes task embeddings, each once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from charz.errors import InputError, RegistryError, check_share
from charz.records import EncoderSpec, Progress
from charz.schema import Result, Split, Subset
from charz.steps import _encode, _filters, _gains, _tasks
from charz.steps._tasks import Task
from charz.store import Store
from charz.tasks import cosine

KINDS: Mapping[str, tuple[str, ...]] = {
    "text": ("text_mean",),
    "fisher": ("fisher",),
    "both": ("text_mean", "fisher"),
}
ALIGNMENT = "class_means"
FUSED = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009)."""


@dataclass(frozen=True)
class Similar:
    """What was found for one task.

    Attributes
    ----------
    encoder : str
        The spec that tasks were compared under.
    tasks : list of dict
        The nearest first: ``dataset``, ``group``, ``label_family``, ``task``, ``n_classes``,
        ``n_train``, ``similarity``, a cosine per kind, ``accuracy`` (the best known under this
        encoder) and ``best_accuracy`` with ``best_encoder``.
    transfer : list of dict
        ``source``, ``group``, ``n_train``, ``n_added``, ``gain`` with ``low`` and ``high``,
        ``basis`` (``measured``, ``expected`` or ``not measured``), ``n_draws`` and
        ``alignment``; the largest gain first.
    notes : tuple of str
        What the reader should be warned of.
    """

    encoder: str
    tasks: list[dict[str, Any]]
    transfer: list[dict[str, Any]]
    notes: tuple[str, ...] = ()


def similar_tasks(
    store: Store,
    dataset: str | None = None,
    *,
    train: str | None = None,
    encoder: str | None = None,
    by: str = "both",
    top: int = 10,
    label_family: str | None = None,
    level: float = 0.9,
    progress: Progress | None = None,
    **columns: Any,
) -> Similar:
    """Return the tasks nearest to a dataset of the registry, or to labelled texts in a file.

    Parameters
    ----------
    store : Store
    dataset : str
        A dataset of the registry; else ``train``, a file with ``text`` and ``label``.
    encoder : str, optional
        A spec; default: the encoder that embeds most training splits, trained ones first.
    by : {"text", "fisher", "both"}
        What tasks are compared by; both are joined by reciprocal rank.
    top : int
        How many tasks, from 1 up.
    label_family : str, optional
        That of a file, for the transfer view; a dataset has its own.
    level : float in (0, 1)
        Coverage that the intervals of gains aim at.
    **columns
        ``text_column``, ``pair_column``, ``label_column``, ``encoding`` of the file.

    Raises
    ------
    InputError
        When neither or both of a dataset and a file are given, a value is out of range, or
        the encoder is a fitted one.
    UnknownNameError
        When the registry has no such dataset.
    RegistryError
        When nothing is embedded that the task could be compared with.
    """
    _check(dataset, train, by, top, level)
    name = None if dataset is None else _name(store, dataset)
    asked = None if encoder is None else str(EncoderSpec.parse(encoder))
    row = _tasks.encoder(store, asked)
    kinds = (*KINDS[by], ALIGNMENT)
    tasks = _tasks.all_of(store, row["id"], kinds, progress)
    if name is not None:
        own = _own(tasks, name, row["spec"])
    else:
        own = _from_file(row["spec"], str(train), label_family, kinds, **columns)
    others = [task for task in tasks if task.facts["name"] != own.facts["name"]]
    compared = _nearest(own, others, KINDS[by])
    near = compared[:top]
    if not near:
        raise RegistryError(
            f"no other task under '{row['spec']}' can be compared with this one",
            "ingest more datasets and run 'charz embed'",
        )
    transfer = _transfer(store, row["id"], own, others, level)
    found = _with_scores(store, row["id"], near)
    return Similar(row["spec"], found, transfer, _notes(own, others, near, len(compared)))


def _check(dataset: str | None, train: str | None, by: str, top: int, level: float) -> None:
    if (dataset is None) == (train is None):
        raise InputError("one task is compared with others", "give a dataset or a file, not both")
    if by not in KINDS:
        raise InputError(f"'{by}' compares no tasks", f"choose one of {', '.join(KINDS)}")
    check_share(level)
    if top < 1:
        raise InputError(f"top = {top} shows nothing", "give a number from 1 up")


def _name(store: Store, dataset: str) -> str:
    (name, *more) = _filters.datasets(store, [dataset]).values()
    if more:
        raise InputError(f"'{dataset}' matches {len(more) + 1} datasets", "name one of them")
    return name


def _own(tasks: Sequence[Task], name: str, spec: str) -> Task:
    for task in tasks:
        if task.facts["name"] == name:
            return task
    raise RegistryError(f"'{name}' has no embedding under '{spec}'", "run 'charz embed'")


def _from_file(
    spec: str, train: str, family: str | None, kinds: Sequence[str], **columns: Any
) -> Task:
    """Return labelled texts in a file as a task."""
    from charz.sources._assemble import two_classes
    from charz.sources.files import read_examples

    rows, _ = read_examples(train, labelled=True, **columns)
    two_classes(rows, train)
    parsed = EncoderSpec.parse(spec)
    (X,) = _encode.vectors(_encode.load([parsed]), [parsed], rows)
    labels = rows.labels or ()
    chosen, classes = _tasks.sample(len(X)), sorted(set(labels))
    kept = [labels[i] for i in chosen]
    facts = {
        "name": None, "group_name": None, "label_family": family, "classes": classes,
        "n_train": len(rows), "n_classes": len(classes), "is_pair": rows.pairs is not None,
    }  # fmt: skip
    return Task(facts, _tasks.vectors_of(X[chosen], kept, classes, kinds))


def _nearest(own: Task, others: Sequence[Task], kinds: Sequence[str]) -> list[dict[str, Any]]:
    """Return the tasks that can be compared, the nearest first."""
    rows: list[dict[str, Any]] = []
    for other in others:
        cosines = {kind: cosine(own.vectors[kind], other.vectors[kind]) for kind in kinds}
        if not any(math.isnan(value) for value in cosines.values()):
            found: dict[str, Any] = {"facts": other.facts} | dict(cosines)
            rows.append(found)
    ranks = {kind: sorted(-row[kind] for row in rows) for kind in kinds}
    for row in rows:
        fused = sum(1 / (FUSED + 1 + ranks[kind].index(-row[kind])) for kind in kinds)
        row["similarity"] = row[kinds[0]] if len(kinds) == 1 else fused * FUSED / len(kinds)
    return sorted(rows, key=lambda row: (-row["similarity"], row["facts"]["name"]))


def _with_scores(
    store: Store, encoder_id: int, near: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the rows to show: facts, cosines and the best known accuracies."""
    best = _best(store, [row["facts"]["id"] for row in near])
    rows = []
    for row in near:
        facts = row["facts"]
        scores = {key[1]: score for key, score in best.items() if key[0] == facts["id"]}
        leader = max(scores, key=lambda key: scores[key], default=None)
        specs = {} if leader is None else dict(store.get("encoder", id=leader))
        rows.append(
            {
                "dataset": facts["name"],
                "similarity": row["similarity"],
                **{kind: row[kind] for kind in row if kind not in ("facts", "similarity")},
                "group": facts["group_name"],
                "label_family": facts["label_family"],
                "task": facts["task"],
                "n_classes": facts["n_classes"],
                "n_train": facts["n_train"],
                "accuracy": scores.get(encoder_id),
                "best_accuracy": None if leader is None else scores[leader],
                "best_encoder": specs.get("spec"),
            }
        )
    return rows


def _best(store: Store, dataset_ids: Sequence[int]) -> dict[tuple[int, int], float]:
    """Return the best accuracy on a dataset's own test rows by dataset and encoder."""
    train, eval_ = aliased(Subset), aliased(Subset)
    statement = (
        sa.select(train.labels_of_id, Result.encoder_id, sa.func.max(Result.accuracy).label("best"))
        .join_from(Result, train, train.id == Result.train_subset_id)
        .join(eval_, eval_.id == Result.eval_subset_id)
        .join(Split, Split.id == eval_.split_id)
        .where(train.labels_of_id.in_(dataset_ids), train.base_id.is_(None))
        .where(Split.dataset_id == train.labels_of_id, eval_.parent_id.is_(None))
        .group_by(train.labels_of_id, Result.encoder_id)
    )
    rows = store.rows(statement)
    return {(row["labels_of_id"], row["encoder_id"]): row["best"] for row in rows}


def _transfer(
    store: Store, encoder_id: int, own: Task, others: Sequence[Task], level: float
) -> list[dict[str, Any]]:
    """Return what each source of the label family brings, or could bring, by training size."""
    family = own.facts["label_family"]
    sources = [task for task in others if family and task.facts["label_family"] == family
               and task.facts["group_name"] != own.facts["group_name"]]  # fmt: skip
    if not sources:
        return []
    gains = _gains.measured(store, encoder_id, family)
    known: dict[tuple[str, str, int | None], _gains.Gain] = {
        (each.target, each.source, each.n_train): each for each in gains
    }
    elsewhere = [each for each in gains if each.group != own.facts["group_name"]]
    sizes: list[int | None] = [
        *sorted({each.n_train for each in gains if each.n_train <= own.facts["n_train"]})
    ]
    everyone = {task.facts["name"]: task for task in others}
    angles = {
        (each.target, each.source): _alignment(everyone[each.target], everyone[each.source])
        for each in elsewhere
        if {each.target, each.source} <= everyone.keys()
    }
    rows = []
    for task in sources:
        name, angle = task.facts["name"], _alignment(own, task)
        for n_train in sizes or [None]:
            found = known.get((own.facts["name"], name, n_train))
            if found is not None:
                estimate, basis = _gains.of_measured(found, gains, level), "measured"
            elif n_train is not None:
                estimate, basis = _gains.expected(elsewhere, angles, angle, n_train, level), ""
            else:
                estimate, basis = _gains.Estimate(), ""
            shown = {"source": name, "group": task.facts["group_name"], "n_train": n_train}
            rows.append(shown | _line(found, estimate, basis, level) | {"alignment": angle})
    return sorted(rows, key=lambda row: (row["n_train"] or 0, _last(row["gain"]), row["source"]))


def _alignment(first: Task, second: Task) -> float:
    """Return whether two tasks' labels lie the same way; NaN where their labels differ."""
    if sorted(first.facts["classes"]) != sorted(second.facts["classes"]):
        return math.nan
    return cosine(first.vectors[ALIGNMENT], second.vectors[ALIGNMENT])


def _line(
    found: _gains.Gain | None, estimate: _gains.Estimate, basis: str, level: float
) -> dict[str, Any]:
    """Return the figures of one line of the transfer view."""
    return {
        "n_added": found.n_added if found else None,
        "gain": estimate.gain,
        "low": estimate.low,
        "high": estimate.high,
        "level": level,
        "basis": basis or ("not measured" if math.isnan(estimate.gain) else "expected"),
        "n_draws": len(found.draws) if found else 0,
    }


def _last(gain: float) -> float:
    return math.inf if math.isnan(gain) else -gain


def _notes(
    own: Task, others: Sequence[Task], near: Sequence[dict[str, Any]], n_compared: int
) -> tuple[str, ...]:
    notes = []
    nearest = near[0]["facts"]
    if own.facts["group_name"] is not None and nearest["group_name"] == own.facts["group_name"]:
        notes.append(
            f"the nearest, '{nearest['name']}', is of the same group "
            f"'{nearest['group_name']}': it shares texts or origin with this task"
        )
    left_out = len(others) - n_compared
    if left_out:
        notes.append(f"{left_out} tasks have vectors of another width (text pairs): left out")
    return tuple(notes)
