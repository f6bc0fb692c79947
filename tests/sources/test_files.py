import csv
import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from charz.errors import CharzError, InputError, UnknownNameError
from charz.sources._facts import fingerprint
from charz.sources.files import claims, read, read_examples

LAB = Path(os.environ.get("CHARZ_LAB", Path(__file__).resolve().parents[3] / "shared"))
ROWS = [(f"text {i}", ("a", "b")[i % 2]) for i in range(20)]
GOOD = "text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS)


def put(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def write_table(path, columns):
    """Write a table with another library's writer, by the file's suffix."""
    names = list(columns)
    rows = list(zip(*columns.values(), strict=True))
    if path.suffix == ".parquet":
        parquet.write_table(pa.table(columns), path)
    elif path.name.endswith((".jsonl", ".jsonl.gz")):
        lines = "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)
        put(path, gzip.compress(lines.encode()) if path.suffix == ".gz" else lines)
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writerows([names, *rows])
    return path


def damaged_parquet(path):
    write_table(path, {"text": ["a", "b"], "label": ["x", "y"]})
    whole = path.read_bytes()
    return put(path, whole[: len(whole) // 2] + whole[len(whole) // 2 + 9 :])


HUGE = "x" * 1_000_001

BAD = {
    "empty": ("d.csv", b"", {}, "empty"),
    "blank": ("d.csv", b"\n  \n", {}, "empty"),
    "header only": ("d.csv", "text,label\n", {}, "no rows below its header"),
    "no text column": ("d.csv", "review,label\na,x\n", {}, "no column 'text'; it has 'review'"),
    "no label column": ("d.tsv", "text\tstars\na\tx\n", {}, "it has 'text', 'stars'"),
    "no pair column": ("d.csv", GOOD, {"pair_column": "other"}, "no column 'other'"),
    "column twice": ("d.csv", "text,text,label\na,b,x\n", {}, "two columns 'text'"),
    "no json column": ("d.jsonl", '{"text": "a", "y": 1}\n', {}, "it has 'text', 'y'"),
    "no json": ("d.jsonl", "text,label\na,b\n", {}, "no line"),
    "json scalars": ("d.jsonl", "1\n[]\n", {}, "no line"),
    "one class": ("d.csv", GOOD.replace(",b\n", ",a\n"), {}, "the label 'a' only"),
    "mostly bad": ("d.csv", GOOD + "only one\n" * 21, {}, "21 wrong column count"),
    "broken header": ("d.csv", '"text,label\na,b\n', {}, "header"),
    "no gzip": ("d.csv.gz", GOOD, {}, "no whole gzip"),
    "cut gzip": ("d.csv.gz", gzip.compress(GOOD.encode())[:-9], {}, "no whole gzip"),
    "no parquet": ("d.parquet", GOOD, {}, "no whole Parquet"),
    "NUL": ("d.csv", GOOD.encode()[:30] + b"\0" + GOOD.encode()[30:], {}, "NUL at byte 30"),
    "utf-16 without mark": ("d.csv", GOOD.encode("utf-16-le"), {}, "NUL at byte 1"),
    "wrong encoding": (
        "d.csv", GOOD.encode() + "é,a\n".encode("latin-1"), {"encoding": "utf-8"},
        f"byte {len(GOOD)} does not fit",
    ),
    "no encoding": ("d.csv", GOOD, {"encoding": "klingon"}, "'klingon' is no encoding"),
    "no text encoding": ("d.csv", GOOD, {"encoding": "zip"}, "'zip' is no encoding"),
    "unknown format": ("d.docx", GOOD, {}, "no known format"),
    "absurd fields": ("d.csv", "text,label\n" + f"{HUGE},a\n" * 3, {}, "3 field longer"),
    "absurd text": ("d.jsonl", json.dumps({"text": HUGE, "label": 1}), {}, "1 text longer"),
    "share 1": ("d.csv", GOOD, {"test_share": 1}, "test share 1"),
    "share word": ("d.csv", GOOD, {"test_share": "half"}, "test share 'half'"),
    "seed -1": ("d.csv", GOOD, {"seed": -1}, "seed -1"),
    "name up": ("d.csv", GOOD, {"name": "../x"}, "'../x' is no dataset name"),
    "name up within": ("d.csv", GOOD, {"name": "a/../b"}, "no dataset name"),
    "name rooted": ("d.csv", GOOD, {"name": "/etc/x"}, "no dataset name"),
    "name with escape": ("d.csv", GOOD, {"name": "a\x1b[31m"}, "no short line"),
    "name with newline": ("d.csv", GOOD, {"name": "a\nb"}, "no short line"),
    "name with blank": ("d.csv", GOOD, {"name": "a b"}, "no dataset name"),
    "name too long": ("d.csv", GOOD, {"name": "a" * 201}, "no dataset name"),
    "group": ("d.csv", GOOD, {"group": "a//b"}, "no group name"),
    "licence": ("d.csv", GOOD, {"license": "MIT\x07"}, "the license"),
    "nameless": ("().csv", GOOD, {}, "no dataset name"),
    "missing test": ("d.csv", GOOD, {"test": "nowhere.csv"}, "'nowhere.csv' does not exist"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_files_give_one_clear_error(tmp_path, case):
    name, content, options, expected = BAD[case]
    with pytest.raises(InputError) as caught:
        read(str(put(tmp_path / name, content)), **options)
    assert expected in caught.value.problem
    assert caught.value.remedy


def test_unguessable_bytes_name_the_offset(tmp_path):
    path = put(tmp_path / "d.csv", b"text,label\n" + bytes(range(128, 256)) * 40)
    with pytest.raises(InputError, match=r"byte 11|rows of"):
        read(str(path))


def test_damaged_and_typed_parquet(tmp_path):
    with pytest.raises(InputError, match="no whole Parquet"):
        read(str(damaged_parquet(tmp_path / "d.parquet")))
    path = write_table(tmp_path / "n.parquet", {"text": [1, 2], "label": ["a", "b"]})
    with pytest.raises(InputError, match="2 text is not a string"):
        read(str(path))


def test_missing_paths_and_folders(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read(str(tmp_path / "gone.csv"))
    with pytest.raises(InputError, match=r"has no train\.csv"):
        read(str(tmp_path))
    put(tmp_path / "train.csv", GOOD)
    with pytest.raises(InputError, match="a test file is given"):
        read(str(tmp_path), test=str(tmp_path / "train.csv"))
    put(tmp_path / "train.tsv", GOOD)
    with pytest.raises(InputError, match=r"'train\.csv' and 'train\.tsv'"):
        read(str(tmp_path))


def test_a_fifo_or_device_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "train.csv")
    with pytest.raises(InputError, match="no regular file"):
        read(str(tmp_path / "train.csv"))


def test_an_unknown_fact_is_named(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'language'"):
        read(str(put(tmp_path / "d.csv", GOOD)), langage="en")


@pytest.mark.parametrize("meta", ["{", "[]", '{"task": 3}', '{"group": "../x"}', "[" * 99999])
def test_a_bad_meta_file_is_named(tmp_path, meta):
    put(tmp_path / "train.csv", GOOD)
    put(tmp_path / "meta.json", meta)
    with pytest.raises(InputError):
        read(str(tmp_path))


def test_bad_rows_are_counted_by_reason(tmp_path):
    rows = [
        *({"text": text, "label": label} for text, label in ROWS),
        {"text": "", "label": "a"},
        {"text": None, "label": "a"},
        {"label": "a"},
        {"text": "t", "label": " "},
        {"text": "t", "label": None},
        {"text": "t", "label": float("nan")},
        {"text": 5, "label": "a"},
        {"text": "t", "label": ["a"]},
        {"text": "nul \0", "label": "a"},
        {"text": "half \ud800", "label": "a"},
        {"text": "t", "label": "bell \x07"},
        {"text": "t", "label": "x" * 501},
    ]
    content = "\n".join([*map(json.dumps, rows), "{", "[1]", "[" * 99999, "1" * 9999]) + "\n\n"
    examples, skipped = read_examples(put(tmp_path / "d.jsonl", content))
    assert len(examples) == len(ROWS)
    assert skipped == {
        "missing text": 3,
        "missing label": 3,
        "text is not a string": 1,
        "label is not a single value": 1,
        "NUL in text": 1,
        "text is not valid Unicode": 1,
        "label with control characters": 1,
        "label longer than 500 characters": 1,
        "invalid JSON": 4,
    }


def test_a_quote_that_never_closes_costs_one_row(tmp_path):
    lines = GOOD.splitlines()
    lines[3] = '"opened,b'
    lines[7] = 'fine,"quo"ted'
    lines.append('"at the end,a')
    examples, skipped = read_examples(put(tmp_path / "d.csv", "\n".join(lines)))
    assert skipped == {"broken quoting": 3}
    kept = [text for i, (text, _) in enumerate(ROWS) if i not in (2, 6)]
    assert list(examples.texts) == kept


def test_an_unquoted_tsv_keeps_its_quotes(tmp_path):
    rows = [('"Hi" she said', "a"), ("a 'quote", "b"), ('"open', "a"), ("plain", "b")] * 3
    content = "text\tlabel\n" + "".join(
        f"{text} {i}\t{label}\n" for i, (text, label) in enumerate(rows)
    )
    dataset = read(str(put(tmp_path / "d.tsv", content)))
    texts = {*dataset.train.texts, *dataset.test.texts}
    assert texts == {f"{text} {i}" for i, (text, _) in enumerate(rows)}
    assert dataset.facts.extra["quoting"] == "none"
    assert dataset.skipped == {}


def test_labels_are_canonical_text(tmp_path):
    texts = [f"t{i}" for i in range(4)]
    spellings = {"i": [0, 1, 0, 1], "f": [0.0, 1.0, 0.0, 1.0], "s": ["0", "1.0", " 0", "1"]}
    for name, labels in spellings.items():
        path = write_table(tmp_path / f"{name}.parquet", {"text": texts, "label": labels})
        assert read_examples(path)[0].labels == ("0", "1", "0", "1")
    path = write_table(tmp_path / "b.parquet", {"text": texts, "label": [True, False, None, True]})
    examples, skipped = read_examples(path)
    assert (examples.labels, skipped) == (("true", "false", "true"), {"missing label": 1})


FRENCH = "L'été dernier, le garçon a mangé une crème brûlée près de la forêt n°"
POLISH = "Zażółć gęślą jaźń, a potem wróć do domu przez ciemny las i wąską ścieżkę nr"
RUSSIAN = "Прошлым летом мальчик долго гулял в лесу возле реки и ел мороженое, день"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8-sig", FRENCH),
        ("utf-16", FRENCH),
        ("cp1252", FRENCH),
        ("cp1250", POLISH),
        ("cp1251", RUSSIAN),
    ],
)
def test_other_encodings_are_read(tmp_path, encoding, text):
    content = "text\tlabel\n" + "".join(f"{text} {i}\t{'ab'[i % 2]}\n" for i in range(40))
    path = put(tmp_path / "d.tsv", content.encode(encoding))
    dataset = read(str(path))
    expected = [f"{text} {i}" for i in range(40)]
    assert sorted(dataset.train.texts + dataset.test.texts) == sorted(expected)
    assert ("encoding" in dataset.facts.extra) == (encoding != "utf-8-sig")
    assert list(read_examples(path, encoding=encoding)[0].texts) == expected


def test_an_eval_file_needs_no_label(tmp_path):
    path = put(tmp_path / "d.csv", "text,other\nhello,1\nworld,2\n")
    examples, skipped = read_examples(path, labelled=False)
    assert (examples.texts, examples.labels, skipped) == (("hello", "world"), None, {})
    with pytest.raises(InputError, match="no column 'label'"):
        read_examples(path)


def test_facts_come_from_meta_and_options_win(tmp_path):
    put(tmp_path / "train.csv", GOOD)
    put(tmp_path / "dev.csv", GOOD)
    meta = {"licence": "CC0", "task": "topic", "group": "g", "language": "de", "mteb_task": None}
    put(tmp_path / "meta.json", json.dumps(meta))
    facts = read(str(tmp_path), language="en", name="org/mine").facts
    assert (facts.name, facts.group, facts.language) == ("org/mine", "g", "en")
    assert (facts.license, facts.task, dict(facts.extra)) == ("CC0", "topic", {})


def test_pairs_two_files_and_unseen_labels(tmp_path):
    train = write_table(
        tmp_path / "a.csv",
        {"text": ["p", "q", "r"], "text_pair": ["P", "Q", ""], "label": ["x", "y", "y"]},
    )
    test = write_table(
        tmp_path / "b.tsv",
        {"text": ["s", "t", "u"], "text_pair": ["S", "T", "U"], "label": ["x", "y", "z"]},
    )
    dataset = read(str(train), test=str(test))
    assert dataset.train.pairs == ("P", "Q")
    assert dataset.test.texts == ("s", "t")
    assert dataset.skipped == {"missing text pair": 1, "label unseen in training": 1}
    single = write_table(tmp_path / "c.csv", {"text": ["s", "t"], "label": ["x", "y"]})
    with pytest.raises(InputError, match="test split of 'a' has no second text"):
        read(str(train), test=str(single))
    foreign = write_table(tmp_path / "d.csv", {"text": ["s"], "text_pair": ["t"], "label": ["new"]})
    with pytest.raises(InputError, match="'new'"):
        read(str(train), test=str(foreign))


def test_claims_paths_and_data_files(tmp_path):
    assert claims(str(tmp_path))
    assert claims("nowhere.jsonl.gz")
    assert not claims("cola")
    assert not claims("hf:glue/cola")
    assert not claims("nul\0" + "x" * 9999)


names = st.text(alphabet="abcxyz-_ &é", min_size=1).map(str.strip).filter(bool)
nasty = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    st.sampled_from(['"', '""', ",", "=1+1", "a\r\nb", "\r", "\n", "🙂\u2028x", "'\t'", "\ufeff"]),
    st.lists(st.sampled_from(['"', ",", "\n", "\t", "x", "="]), min_size=1).map("".join),
).filter(lambda text: text.strip())


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".jsonl.gz", ".parquet"])
@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.tuples(nasty, nasty, names), min_size=1, max_size=8))
def test_what_is_written_is_read_back(tmp_path_factory, suffix, rows):
    texts, pairs, labels = (list(column) for column in zip(*rows, strict=True))
    path = tmp_path_factory.mktemp("round") / f"d{suffix}"
    write_table(path, {"text": texts, "text_pair": pairs, "label": labels})
    examples, skipped = read_examples(path)
    assert list(examples.texts) == texts
    assert list(examples.pairs) == pairs
    assert list(examples.labels) == labels
    assert skipped == {}


@settings(deadline=None, max_examples=200)
@given(
    content=st.binary(max_size=300),
    suffix=st.sampled_from([".csv", ".tsv", ".jsonl", ".parquet", ".csv.gz"]),
)
def test_any_bytes_give_rows_or_our_error(tmp_path_factory, content, suffix):
    path = put(tmp_path_factory.mktemp("fuzz") / f"d{suffix}", content)
    try:
        examples, _ = read_examples(path)
    except CharzError:
        return
    assert len(examples) > 0


@pytest.mark.parametrize(
    "name",
    [
        "mr",
        "snli",
        "stsb_binned",
        "bbc_news",
        "language_id",
        "cb",
        "banking77",
        "amazon_counterfactual_de",
    ],
)
def test_lab_datasets_read_whole(name):
    folder = LAB / "data" / name
    if not folder.is_dir():
        pytest.skip("the lab's datasets are not here")
    meta = json.loads((folder / "meta.json").read_text())
    dataset = read(str(folder))
    assert {"train": len(dataset.train), "test": len(dataset.test)} == meta["rows"]
    assert sorted(set(dataset.train.labels)) == sorted(meta["labels"])
    assert (dataset.train.pairs is not None) == meta["pair"]
    assert dataset.facts.label_family == meta["label_family"]
    assert dataset.facts.license == meta["licence"]
    assert dataset.skipped == {}


def test_the_fingerprint_does_not_depend_on_the_format(tmp_path):
    texts, labels = zip(*ROWS, strict=True)
    prints = set()
    for suffix in (".csv", ".tsv", ".jsonl", ".jsonl.gz", ".parquet"):
        path = write_table(tmp_path / f"d{suffix}", {"text": texts, "label": labels})
        prints.add(fingerprint(read(str(path))))
    assert len(prints) == 1
    assert fingerprint(read(str(path), seed=1)) not in prints


def test_the_split_keeps_classes_and_never_parts_a_text(tmp_path):
    rows = [(f"text {i % 150}", ("a", "b", "c")[i % 3]) for i in range(300)]
    texts, labels = zip(*rows, strict=True)
    path = write_table(tmp_path / "d.csv", {"text": texts, "label": labels})
    dataset = read(str(path), test_share="0.2", seed="7")
    assert not set(dataset.train.texts) & set(dataset.test.texts)
    assert Counter(dataset.test.labels) == {"a": 20, "b": 20, "c": 20}
    assert len(dataset.train) == 240
    again = read(str(path), test_share=0.2, seed=7)
    assert again.test == dataset.test
    assert dataset.facts.extra["split"] == {"rule": "stratified", "test_share": 0.2, "seed": 7}
