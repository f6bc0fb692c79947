import importlib.util
import json
import os
import subprocess
import sys

import pyarrow as pa
import pytest
from pyarrow import parquet

from charz.errors import InputError, MissingExtraError, UnknownNameError
from charz.sources import _catalogue, hf
from charz.sources.files import read as read_files

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("datasets") is None, reason="the extra 'hub' is not installed"
)
TEXTS = [f"text {i}" for i in range(12)]
CODES = [0, 1] * 6


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep the library's cache out of the user's home."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    if importlib.util.find_spec("datasets"):
        import datasets

        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
        datasets.disable_progress_bars()


def hub_folder(path, **splits):
    """Write a folder of the shape that the hub's datasets have."""
    path.mkdir(exist_ok=True)
    for split, columns in splits.items():
        rows = zip(*columns.values(), strict=True)
        lines = [json.dumps(dict(zip(columns, row, strict=True))) for row in rows]
        (path / f"{split}.jsonl").write_text("\n".join(lines))
    return path


@needs_library
def test_a_folder_reads_as_our_own_reader_does(tmp_path):
    folder = hub_folder(
        tmp_path / "my set",
        train={"text": TEXTS, "label": CODES},
        test={"text": TEXTS[:4], "label": CODES[:4]},
    )
    dataset, ours = hf.read(f"hf:{folder}"), read_files(str(folder))
    assert (dataset.train, dataset.test) == (ours.train, ours.test)
    assert (dataset.facts.name, dataset.facts.source) == ("my-set", "hf:my-set")


@needs_library
def test_class_names_hidden_labels_pairs_and_columns(tmp_path):
    import datasets

    features = datasets.Features(
        {
            "premise": datasets.Value("string"),
            "hypothesis": datasets.Value("string"),
            "gold": datasets.ClassLabel(names=["no", "yes"]),
        }
    )
    folder = tmp_path / "pairs"
    folder.mkdir()
    for split, codes in (("train", CODES), ("validation", [-1, *CODES[1:]])):
        columns = {"premise": TEXTS, "hypothesis": TEXTS[::-1], "gold": codes}
        rows = datasets.Dataset.from_dict(columns, features=features)
        rows.to_parquet(str(folder / f"{split}.parquet"))
    dataset = hf.read(
        f"hf:{folder}", text_column="premise", pair_column="hypothesis", label_column="gold"
    )
    assert dataset.train.labels == ("no", "yes") * 6
    assert dataset.train.pairs == tuple(TEXTS[::-1])
    assert len(dataset.test) == 11
    assert dataset.skipped == {"missing label": 1}


@needs_library
def test_no_test_split_is_split_here(tmp_path):
    folder = hub_folder(tmp_path / "single", train={"text": TEXTS, "label": CODES})
    dataset = hf.read(f"hf:{folder}", test_share=0.5, seed=3, group="g", name="org/x")
    assert len(dataset.train) == len(dataset.test) == 6
    assert dataset.facts.extra["split"] == {"rule": "stratified", "test_share": 0.5, "seed": 3}
    assert (dataset.facts.name, dataset.facts.group) == ("org/x", "g")


@needs_library
def test_bad_folders_give_our_errors(tmp_path):
    folder = hub_folder(tmp_path / "f", train={"text": TEXTS, "label": CODES})
    with pytest.raises(UnknownNameError, match="did you mean 'train'"):
        hf.read(f"hf:{folder}", train_split="trian")
    with pytest.raises(InputError, match="no column 'body'; it has 'text', 'label'"):
        hf.read(f"hf:{folder}", text_column="body")
    with pytest.raises(InputError, match="--config"):
        hf.read(f"hf:{folder}", config="nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty"):
        hf.read(f"hf:{tmp_path / 'empty'}")


@needs_library
@pytest.mark.parametrize("name", ["glue/stsb", "senteval/trec6", "mteb/EmotionClassification"])
def test_catalogue_entries_read_data_of_their_shape(tmp_path, name):
    """The columns, label names and bins of an entry, on a folder laid out as on the hub."""
    entry = _catalogue.get(name)
    codes = [0.5, 2.5, 4.49] * 4 if entry.bins else [0, 1, 2] * 4
    if name == "senteval/trec6":
        codes = ["DESC", "ENTY", "HUM"] * 4
    columns = {entry.text: TEXTS, entry.label: codes}
    if entry.pair:
        columns[entry.pair] = TEXTS[::-1]
    folder = tmp_path / "shape"
    folder.mkdir()
    for split in (entry.train, entry.test):
        parquet.write_table(pa.table(columns), folder / f"{split}.parquet")
    import datasets

    splits = datasets.load_dataset(str(folder))
    train, test = (table.examples() for table in hf._tables(entry, splits))
    expected = {
        "glue/stsb": ("1", "3", "4"),
        "senteval/trec6": ("DESC", "ENTY", "HUM"),
        "mteb/EmotionClassification": ("sadness", "joy", "love"),
    }
    assert train.labels == test.labels == expected[name] * 4
    assert (train.pairs is not None) == (entry.pair is not None)


@pytest.mark.parametrize("reference", ["hf:", "hf:../x", "hf:a/b/c", "hf:--x", "hf:a b", "hf:a\0"])
def test_hostile_ids_are_refused(reference):
    with pytest.raises(InputError, match="no hub dataset"):
        hf.read(reference)


def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"charz\[hub\]"):
        hf.read("hf:org/name")


@needs_library
def test_offline_is_our_error_with_its_remedy(tmp_path):
    script = (
        "from charz.errors import OfflineError\n"
        "from charz.sources import resolve\n"
        "for reference in ('hf:org/never-fetched', 'cola'):\n"
        "    try:\n"
        "        resolve(reference)\n"
        "    except OfflineError as error:\n"
        "        print(error.problem.split('(')[0], '|', error.remedy)\n"
    )
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert [line.partition(" |")[0].strip() for line in lines] == [
        "the hub dataset 'org/never-fetched' cannot be reached",
        "the hub dataset 'nyu-mll/glue' cannot be reached",
    ]
    assert all(line.endswith("connect, or fetch it beforehand") for line in lines)
