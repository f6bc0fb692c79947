import os
import re
from pathlib import Path

import pytest

from charz.errors import UnknownNameError
from charz.sources import _catalogue
from charz.sources._names import checked_fact, dataset_name

LAB = Path(os.environ.get("CHARZ_LAB", Path(__file__).resolve().parents[3] / "shared"))
GLUE = {"cola", "sst2", "mrpc", "qqp", "stsb", "mnli", "mnli-mm", "qnli", "rte", "wnli"}
SENTEVAL = {"mr", "cr", "subj", "mpqa", "sst2", "sst5", "trec6", "trec50", "mrpc", "sick_e"}
REQUIRED = (
    "name", "id", "text", "label", "train", "test", "group", "label_family", "task", "language",
    "license",
)  # fmt: skip


@pytest.mark.parametrize("name", _catalogue.entries())
def test_every_entry_is_complete(name):
    entry = _catalogue.entries()[name]
    for field in REQUIRED:
        assert checked_fact(field, getattr(entry, field)), field
    dataset_name(entry.name)
    dataset_name(entry.group)
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", entry.id, re.ASCII)
    assert re.fullmatch(r"[a-z]{2}|mul", entry.language)
    assert entry.bins in (None, "round")
    assert entry.train != entry.test
    assert len(set(entry.labels)) == len(entry.labels) != 1
    assert entry.pair != entry.text


def test_the_benchmarks_are_whole():
    names = _catalogue.entries()
    for suite, members in (("glue", GLUE), ("senteval", SENTEVAL)):
        assert {f"{suite}/{member}" for member in members} <= set(names)
    for name, entry in names.items():
        if name.startswith("glue/"):
            assert entry.test.startswith("validation")
    families = {}
    for entry in names.values():
        families.setdefault(entry.label_family, set()).add(frozenset(entry.labels))
    for family, labels in families.items():
        assert len({named for named in labels if named}) <= 1, family


def test_one_place_on_the_hub_is_one_group():
    groups = {}
    for entry in _catalogue.entries().values():
        groups.setdefault((entry.id, entry.config), set()).add(entry.group)
    assert [place for place, found in groups.items() if len(found) > 1] == []


def test_names_with_and_without_their_suite():
    assert _catalogue.get("cola").name == "glue/cola"
    assert _catalogue.get("GLUE/CoLA").name == "glue/cola"
    assert _catalogue.get("sst2").name == "glue/sst2"
    assert _catalogue.get("senteval/sst2").name == "senteval/sst2"
    for name in _catalogue.names():
        assert _catalogue.get(name).name.endswith(name)
    with pytest.raises(UnknownNameError, match=r"did you mean .*'cola'"):
        _catalogue.get("coola")


@pytest.mark.parametrize(
    "name", [name for name in _catalogue.entries() if name.startswith("mteb/")]
)
def test_places_and_revisions_agree_with_the_archive(name):
    path = LAB / "mteb" / "tasks.parquet"
    if not path.is_file():
        pytest.skip("the lab's archive is not here")
    from pyarrow import parquet

    columns = ["task", "path", "revision", "split", "subset", "n_classes"]
    entry = _catalogue.entries()[name]
    rows = [
        row
        for row in parquet.read_table(path, columns=columns).to_pylist()
        if row["task"] == name.removeprefix("mteb/")
    ]
    if not rows:
        pytest.skip("the archive has no such task")
    assert {(row["path"], row["revision"]) for row in rows} == {(entry.id, entry.revision)}
    here = [row for row in rows if row["subset"] == (entry.config or "default")]
    assert {entry.train, entry.test} <= {row["split"] for row in here}
    if entry.labels:
        assert {row["n_classes"] for row in here} == {len(entry.labels)}
