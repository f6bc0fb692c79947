"""A record of the public MTEB results on text classification, read from the lab's tables.

Rules, each stated once and kept:

- a task is a text task where its texts were counted; a column is one task in one language
  subset that ``LEAST_ENCODERS`` encoders or more have run;
- of several revisions of an encoder the one with most cells counts, the last of its name among
  equals; a cell that it lacks is taken from the next;
- of several splits ``test`` counts, else the first of `SPLITS` that there is;
- languages of one task, versions of it and its translations are one group, and so are tasks cut
  from the same texts (`FAMILIES`);
- an encoder's organisation is what stands before the slash, its lineage what it was adapted
  from, followed to the end;
- of a task in several languages one column is judged: ``default``, else English, else the one
  with most encoders.
"""

from __future__ import annotations

import json
import re

import lab
import numpy as np
import pandas as pd

from charz.completion._record import ENCODERS, TASKS, Record

LEAST_ENCODERS = 10
LEAST_TASKS = 5
ENGLISH = ("default", "en", "eng", "eng_Latn", "eng-Latn", "english", "English")
SPLITS = ("test", "test_2021", "evaluation", "validation", "train")
FAMILIES = (
    "Massive", "MTOP", "CUAD", "ContractNLI", "Diversity", "LearnedHands", "OPP115", "SCDB",
    "SCDD", "Wikipedia", "SynPer", "RuSciBench", "AmazonCounterfactual", "AmazonPolarity",
    "AmazonReviews", "Banking77", "Emotion", "Imdb", "ToxicConversations",
    "TweetSentimentExtraction", "TextualismTool", "SDS", "Frenk", "Inappropriateness", "SIB200",
    "MultilingualSentiment", "AfriSenti", "Yelp", "PolEmo2.0",
)  # fmt: skip
YES = {"True": True, "False": False}
SAME = {"JavaneseIMDB": "Imdb", "HUME": "", "SCDD": "SCDB"}


def read() -> Record:
    """Return the record; ``tasks`` has one more column, ``judged``."""
    folder = lab.folder() / "mteb"
    results, tasks = _results(folder), pd.read_parquet(folder / "tasks.parquet")
    counted = tasks[tasks["n_classes"].notna() & tasks["mean_text_length_chars"].notna()]
    results = results[results["task"].isin(counted["task"])]
    cells = _one_row_per_cell(results)
    cells["name"] = cells["task"] + "[" + cells["subset"] + "]"
    cells = cells[cells.groupby("name")["model"].transform("size") >= LEAST_ENCODERS]
    cells = cells[cells.groupby("model")["task"].transform("nunique") >= LEAST_TASKS]
    facts = _task_facts(cells, counted)
    encoders = _encoder_facts(sorted(cells["model"].unique()), folder)
    table = pd.DataFrame(
        {
            "encoder": cells["model"],
            "task": cells["name"],
            "value": cells["accuracy"].astype(float),
            "sd": [_sd(x) for x in cells["accuracy_per_experiment"]],
            "n_draws": [max(len(_draws(x)), 1) for x in cells["accuracy_per_experiment"]],
        }
    )
    return Record(table.reset_index(drop=True), encoders, facts)


def _results(folder) -> pd.DataFrame:
    results = pd.read_parquet(folder / "results.parquet")
    return results[results["accuracy"].notna() & results["split"].isin(SPLITS)]


def _one_row_per_cell(results: pd.DataFrame) -> pd.DataFrame:
    counts = results.groupby(["model", "revision"]).size().rename("n_cells").reset_index()
    counts = counts.sort_values(["model", "n_cells", "revision"])
    counts["rank"] = counts.groupby("model").cumcount(ascending=False)
    results = results.merge(counts[["model", "revision", "rank"]], on=["model", "revision"])
    results["order"] = results["split"].map({split: n for n, split in enumerate(SPLITS)})
    # A task's split is the same for all encoders: the first that any has.
    first = results.groupby(["task", "subset"])["order"].transform("min")
    results = results[results["order"] == first]
    results = results.sort_values(["model", "task", "subset", "rank", "mteb_version"])
    return results.drop_duplicates(["model", "task", "subset"]).copy()


def _draws(text) -> list[float]:
    return [x for x in (json.loads(text) if isinstance(text, str) else text) if x is not None]


def _sd(text) -> float:
    draws = _draws(text)
    return float(np.std(draws, ddof=1)) if len(draws) > 1 else np.nan


def group(task: str) -> str:
    """Return the group of a task by its name.

    >>> group("MassiveScenarioClassification"), group("HUMEEmotionClassification")
    ('Massive', 'Emotion')
    """
    name = re.sub(r"(\.?v\d+)$", "", task)
    for begin, other in SAME.items():
        if name.startswith(begin):
            name = other + name.removeprefix(begin)
    for family in FAMILIES:
        if name.startswith(family):
            return family
    return name.removesuffix("Classification")


def _task_facts(cells: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    shapes = cells.groupby("name").agg(
        task=("task", "first"), subset=("subset", "first"), split=("split", "first"),
        n=("model", "size"), languages=("languages", "first"),
    )  # fmt: skip
    keys = ["task", "subset", "split"]
    found = shapes.reset_index().merge(counted.drop(columns="languages"), on=keys, how="left")
    any_split = counted.groupby("task")[["n_classes", "mean_text_length_chars"]].median()
    train = counted[counted["split"] == counted["train_split"]].set_index(["task", "subset"])
    first = counted.drop_duplicates("task").set_index("task")
    place = pd.MultiIndex.from_frame(found[["task", "subset"]])
    facts = pd.DataFrame(index=found["name"])
    facts["group"] = [group(task) for task in found["task"]]
    classes = found["n_classes"].fillna(found["task"].map(any_split["n_classes"]))
    facts["n_classes"] = classes.to_numpy()
    n_train = train[~train.index.duplicated()]["n_examples"].reindex(place)
    facts["n_train"] = n_train.to_numpy()
    facts["n_eval"] = found["n_examples"].to_numpy()
    chars = found["mean_text_length_chars"]
    facts["mean_chars"] = chars.fillna(
        found["task"].map(any_split["mean_text_length_chars"])
    ).to_numpy()
    facts["languages"] = [_codes(text) for text in found["languages"]]
    facts["domains"] = [_list(first["domains"].get(task)) for task in found["task"]]
    facts["n_per_class"] = found["task"].map(first["samples_per_label"]).to_numpy()
    facts["judged"] = _judged(found).to_numpy()
    absent = set(TASKS) - set(facts.columns)
    assert not absent, absent
    return facts.sort_index()


def _judged(found: pd.DataFrame) -> pd.Series:
    order = found.assign(english=found["subset"].isin(ENGLISH))
    by = {"task": True, "english": False, "n": False, "subset": True}
    order = order.sort_values(list(by), ascending=list(by.values()))
    chosen = set(order.drop_duplicates("task")["name"])
    return found["name"].isin(chosen)


def _list(text) -> tuple[str, ...]:
    if not isinstance(text, str) or not text.startswith("["):
        return ()
    return tuple(json.loads(text))


def _codes(text) -> tuple[str, ...]:
    listed = _list(text) or tuple(str(text).replace(";", ",").split(","))
    return tuple(sorted({each.strip().split("-")[0] for each in listed}))


def _encoder_facts(names: list[str], folder) -> pd.DataFrame:
    known = pd.read_parquet(folder / "encoders.parquet").drop_duplicates("name").set_index("name")
    known = known.reindex(names)
    parent = known["adapted_from"].dropna().to_dict()
    facts = pd.DataFrame(index=pd.Index(names, name="encoder"))
    for ours, theirs in (
        ("n_params", "n_parameters"), ("n_dims", "embed_dim"), ("max_tokens", "max_tokens"),
    ):  # fmt: skip
        numbers = pd.to_numeric(known[theirs], errors="coerce")
        facts[ours] = numbers.where(np.isfinite(numbers) & (numbers > 0))
    dates = pd.to_datetime(known["release_date"], errors="coerce")
    facts["released"] = dates.dt.year + (dates.dt.dayofyear - 1) / 365
    facts["languages"] = [_codes(x) if isinstance(x, str) else () for x in known["languages"]]
    facts["license"] = known["license"].fillna("").to_numpy()
    facts["open"] = known["open_weights"].map(YES)
    facts["organisation"] = [name.split("/")[0] for name in names]
    facts["lineage"] = [_root(name, parent) for name in names]
    facts["training_datasets"] = [_list(x) for x in known["training_datasets"]]
    facts["prompted"] = known["use_instructions"].map(YES).to_numpy()
    absent = set(ENCODERS) - set(facts.columns)
    assert not absent, absent
    return facts


def _root(name: str, parent: dict[str, str]) -> str:
    seen = {name}
    while name in parent and parent[name] not in seen:
        name = parent[name]
        seen.add(name)
    return name
