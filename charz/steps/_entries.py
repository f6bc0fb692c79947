"""Write a reading of published results: catalogue first, then entries and their draws."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from charz.errors import InputError
from charz.published import Reading
from charz.published._choose import rank
from charz.schema import TABLES, Dataset, Encoder, Entry, Split, Subset
from charz.store import Writer

if TYPE_CHECKING:
    from charz.published._encoders import Model
    from charz.published._tasks import Task

ORIGIN = "mteb"
"""The origin of the results, the kind of their encoders, and their protocol, sampler and probe."""
_PART = 2_000
"""Lines that are written at a time."""
_FACTS = (
    "lineage", "revision", "max_tokens", "n_dims", "n_parameters", "license", "released",
    "is_open", "languages", "trained_on", "extra",
)  # fmt: skip

Row = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a task's draws are: ids of its training subsets by draw, and of what is judged."""

    dataset_id: int
    eval_subset_id: int
    n_train: int
    n_eval: int
    train_subset_ids: list[int]


@dataclass
class Filer:
    """One reading on its way into the registry, in one transaction."""

    writer: Writer
    reading: Reading
    run_id: int | None
    advance: Callable[[int], None]
    counts: dict[str, int] = field(default_factory=dict)

    def file(self) -> dict[str, int]:
        """Write everything; return how many rows are new by table."""
        self.counts = dict.fromkeys(("encoder", "dataset", "result", "entry"), 0)
        self.counts["replaced entry"] = 0
        protocol_id, probe_id = self._plan()
        encoders, places = self._encoders(), self._places(protocol_id)
        new = self._new(encoders, places)
        for start in range(0, len(new), _PART):
            part = new[start : start + _PART]
            self._put(part, encoders, places, probe_id)
            self.advance(len(part))
        self.advance(len(self.reading.lines) - len(new))
        return self.counts

    def _plan(self) -> tuple[int, int]:
        """Return the ids of the protocol and of the probe."""
        from charz.probes import mteb as probe

        row: Row = {
            "name": ORIGIN,
            "sampler": ORIGIN,
            "parameters": {},
            "sizes": None,  # it asks for nothing here until somebody declares it
            "n_seeds": max((task.n_draws for task in self.reading.tasks.values()), default=1),
            "eval_sizes": [None],
        }
        protocol_id = self.writer.ensure("protocol", row)
        table = TABLES["protocol"]
        (there,) = self.writer.rows(table.select().where(table.c.id == protocol_id))
        if there["sampler"] != ORIGIN:
            raise InputError(
                f"the registry has another protocol '{ORIGIN}', with sampler {there['sampler']}",
                "read into a registry of its own",
            )
        spec: Row = {"spec": ORIGIN, "name": ORIGIN, "parameters": dict(probe.PARAMETERS)}
        return protocol_id, self.writer.ensure("probe", spec)

    def _encoders(self) -> dict[str, int]:
        """Put the encoders, renew their facts where they changed, and return ids by name."""
        here = {row["name"]: row for row in self._known(Encoder)}
        rows = [self._encoder(model) for model in self.reading.models.values()]
        new = [row for row in rows if row["name"] not in here]
        changed = [
            row
            for row in rows
            if row["name"] in here and any(row[key] != here[row["name"]][key] for key in _FACTS)
        ]
        self.counts["encoder"] = self.writer.put("encoder", new) if new else 0
        if changed:
            self.writer.put("encoder", changed, update=_FACTS)
        return {row["name"]: row["id"] for row in self._known(Encoder)}

    def _known(self, of: type[Encoder]) -> list[Any]:
        return self.writer.rows(sa.select(of.__table__).where(of.kind == ORIGIN))

    def _encoder(self, model: Model) -> Row:
        from charz.records import EncoderSpec

        spec = str(EncoderSpec(ORIGIN, model.name))
        extra = {
            key: value
            for key, value in (
                ("adapted_from", model.adapted_from),
                ("uses_instructions", model.uses_instructions),
            )
            if value is not None
        }
        return {
            "spec": spec,
            "kind": ORIGIN,
            "name": model.name,
            "revision": model.revision,
            "lineage": model.lineage,
            "fingerprint": _hash(spec),
            "max_tokens": model.max_tokens,
            "n_dims": model.n_dims,
            "n_parameters": model.n_parameters,
            "is_normalized": False,
            "is_fitted": False,
            "is_control": False,
            "license": model.license,
            "released": model.released,
            "is_open": model.is_open,
            "languages": model.languages or None,
            "trained_on": model.saw or None,
            "extra": extra,
            "run_id": self.run_id,
        }

    def _places(self, protocol_id: int) -> dict[str, Place]:
        """Put the datasets with their splits and subsets; return where each task's draws are."""
        names = list(self.reading.tasks)
        known = self._datasets()
        new = [name for name in names if name not in known]
        for name in names:
            if name in known and known[name]["fingerprint"] != _hash(name):
                raise InputError(
                    f"the registry has another dataset '{name}', of {known[name]['source']}",
                    "read into a registry of its own",
                )
        self._put_datasets([self.reading.tasks[name] for name in new], protocol_id)
        return self._placed(protocol_id)

    def _datasets(self) -> dict[str, Any]:
        columns = (Dataset.id, Dataset.name, Dataset.fingerprint, Dataset.source)
        return {row["name"]: row for row in self.writer.rows(sa.select(*columns))}

    def _put_datasets(self, tasks: list[Task], protocol_id: int) -> None:
        if not tasks:
            return
        rows = [self._dataset(task) for task in tasks]
        self.counts["dataset"] = self.writer.put("dataset", rows)
        ids = {name: row["id"] for name, row in self._datasets().items()}
        splits = [split for task in tasks for split in _splits(task, ids[task.name])]
        self.writer.put("split", splits)
        table = Split.__table__
        made = {(row["dataset_id"], row["name"]): row["id"]
                for row in self.writer.rows(sa.select(table))}  # fmt: skip
        subsets = [
            {**subset, "protocol_id": protocol_id, "run_id": self.run_id,
             "split_id": made[ids[task.name], subset["split_id"]],
             "labels_of_id": ids[task.name]}
            for task in tasks
            for subset in _subsets(task)
        ]  # fmt: skip
        self.writer.put("subset", subsets)

    def _dataset(self, task: Task) -> Row:
        return {
            "name": task.name,
            "fingerprint": _hash(task.name),
            "source": task.source,
            "group_name": task.group,
            "language": None,
            "languages": task.languages or None,
            "domains": task.domains or None,
            "license": task.license,
            "n_classes": len(task.classes),
            "classes": task.classes,
            "is_pair": False,
            "mean_chars": task.mean_chars,
            "extra": {
                "task": task.task,
                "subset": task.subset,
                "split": task.split,
                "n_per_class": task.n_per_class,
            },
            "run_id": self.run_id,
        }

    def _placed(self, protocol_id: int) -> dict[str, Place]:
        """Return the places of the tasks by their subsets here."""
        statement = (
            sa.select(Subset.id, Subset.role, Subset.seed, Subset.n_rows, Dataset.name,
                      Subset.labels_of_id)
            .join_from(Subset, Dataset, Subset.labels_of_id == Dataset.id)
            .where(Subset.protocol_id == protocol_id, Dataset.name.in_(list(self.reading.tasks)))
            .order_by(Subset.seed)
        )  # fmt: skip
        by_name: dict[str, dict[str, list[Any]]] = {}
        for row in self.writer.rows(statement):
            by_name.setdefault(row["name"], {"train": [], "eval": []})[row["role"]].append(row)
        return {
            name: Place(
                roles["eval"][0]["labels_of_id"],
                roles["eval"][0]["id"],
                roles["train"][0]["n_rows"],
                roles["eval"][0]["n_rows"],
                [row["id"] for row in roles["train"]],
            )
            for name, roles in by_name.items()
        }

    def _new(self, encoders: dict[str, int], places: dict[str, Place]) -> list[Any]:
        """Return the lines that are new or better than what is here; drop what they replace."""
        statement = sa.select(
            Entry.encoder_id, Entry.eval_subset_id, Entry.n_draws, Entry.version, Entry.revision
        )
        here = {
            (row["encoder_id"], row["eval_subset_id"]): row for row in self.writer.rows(statement)
        }
        kept: list[Any] = []
        lines: Iterable[Any] = self.reading.lines.itertuples(index=False)
        for line in lines:
            cell = encoders[line.model], places[line.dataset].eval_subset_id
            other = here.get(cell)
            if other is not None:
                if rank(len(line.draws), line.version, line.revision) <= rank(
                    other["n_draws"], other["version"], other["revision"]
                ):
                    continue
                self._drop(cell)
            kept.append(line)
        return kept

    def _drop(self, cell: tuple[int, int]) -> None:
        """Take out an entry and its draws: a better one comes."""
        self.counts["replaced entry"] += 1
        self.counts["entry"] -= 1
        for name in ("entry", "result"):
            table = TABLES[name]
            same = table.c.encoder_id == cell[0], table.c.eval_subset_id == cell[1]
            own = (table.c.origin == ORIGIN,) if name == "result" else ()
            self.writer.execute(table.delete().where(*same, *own))

    def _put(
        self, lines: list[Any], encoders: dict[str, int], places: dict[str, Place], probe_id: int
    ) -> None:
        names = (
            "encoder_id", "eval_subset_id", "accuracy", "macro_f1", "n_draws", "revision",
            "dataset_revision", "version", "run_id",
        )  # fmt: skip
        entries = [
            (
                encoders[line.model], places[line.dataset].eval_subset_id, float(line.accuracy),
                _given(line.macro_f1), len(line.draws), *map(_given, line[2:5]), self.run_id,
            )
            for line in lines
        ]  # fmt: skip
        self.counts["entry"] += self.writer.pour("entry", names, entries)
        columns = (
            "encoder_id", "train_subset_id", "eval_subset_id", "probe_id", "accuracy", "macro_f1",
            "n_train", "n_eval", "origin", "run_id",
        )  # fmt: skip
        draws = [
            (encoders[line.model], *row[:2], probe_id, *row[2:], ORIGIN, self.run_id)
            for line in lines
            for row in _draws(line, places[line.dataset])
        ]
        if draws:
            self.counts["result"] += self.writer.pour("result", columns, draws)


def _draws(line: Any, place: Place) -> Iterator[list[Any]]:
    """Yield the draws of a line: subsets, accuracy, macro F1, rows."""
    numbers = zip(place.train_subset_ids, line.draws.tolist(), line.f1_draws.tolist(), strict=False)
    for subset_id, accuracy, f1 in numbers:
        shares = [_share(accuracy, place.n_eval), _given(f1)]
        yield [subset_id, place.eval_subset_id, *shares, place.n_train, place.n_eval]


def _share(accuracy: float, n_eval: int) -> float:
    """Return the whole number of rows that a rounded share stands for, over all rows.

    A share that stands for none (the split was cut before it was judged) is kept as it is.

    >>> _share(0.3333330154418945, 3) == 1 / 3, _share(0.123, 10)
    (True, 0.123)
    """
    exact = round(accuracy * n_eval) / n_eval
    return exact if abs(exact - accuracy) < 2e-6 else accuracy


def _given(value: Any) -> Any:
    """Return a value, None where it is missing."""
    return None if value is None or value != value else value


def _splits(task: Task, dataset_id: int) -> list[Row]:
    counts = {"train": task.train_counts}
    if not task.on_train:
        counts["test"] = task.eval_counts
    return [
        {"dataset_id": dataset_id, "name": name, "n_rows": sum(n), "class_counts": n}
        for name, n in counts.items()
    ]


def _subsets(task: Task) -> list[Row]:
    """Return the subsets of a task, with the name of their split for its id."""
    own = [("train", "train", seed, task.draw_counts) for seed in range(task.n_draws)]
    own.append(("train" if task.on_train else "test", "eval", 0, task.eval_counts))
    return [
        {"split_id": split, "role": role, "seed": seed, "n_rows": sum(n), "class_counts": n}
        for split, role, seed, n in own
    ]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def digest(path: Path) -> str:
    """Return a short hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]
