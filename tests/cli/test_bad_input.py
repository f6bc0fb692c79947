"""Bad input: one clear error that names the thing, a remedy, an exit code; nothing changes."""

import os
import re
import shutil
import sqlite3

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import table, texts

GOOD = texts(20, 5)
ONE = [(text, "same") for text, _ in GOOD]


def files(folder):
    """Write every file that the table below names."""
    table(folder / "good.csv", GOOD)
    table(folder / "pool.csv", [(text,) for text, _ in GOOD], header="text")
    table(folder / "one_class.csv", ONE)
    table(folder / "two_rows.csv", GOOD[:2])
    table(folder / "columns.csv", GOOD, header="review,stars")
    table(folder / "no_rows.csv", [])
    (folder / "empty.csv").write_bytes(b"")
    (folder / "garbage.csv").write_bytes(bytes(range(256)) * 40)
    (folder / "torn.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    (folder / "notes.docx").write_text("text,label\n")
    (folder / "folder").mkdir()
    unseen = folder / "unseen"
    unseen.mkdir()
    table(unseen / "train.csv", GOOD)
    table(unseen / "test.csv", [(text, "other") for text, _ in GOOD])
    vectors(folder)
    corrupt = folder / "corrupt"
    corrupt.mkdir()
    (corrupt / "manifest.json").write_text("{")


def vectors(folder):
    names = [text for text, _ in GOOD]
    X = np.random.default_rng(0).normal(size=(len(GOOD), 4))
    save(folder / "nan.npy", np.where(np.arange(20)[:, None] == 3, np.nan, X), names)
    save(folder / "flat.npy", X[:, 0], names)
    save(folder / "short.npy", X[:5], names)
    save(folder / "objects.npy", np.array([{}] * 20, dtype=object), names)
    np.save(folder / "alone.npy", X)
    pd.DataFrame({"text": ["elsewhere"], "embedding": [[0.0, 1.0]]}).to_parquet(
        folder / "few.parquet"
    )


def save(path, X, names):
    np.save(path, X)
    path.with_suffix(".texts.txt").write_text("\n".join(names) + "\n")


SAMPLE = ("--train", "good.csv", "--eval", "pool.csv")
PREDICT = ("predict", "--encoder", "random:hash?dims=8")

# name: (command, what the error says, what the remedy or usage says, exit code)
BAD = {
    # files
    "missing file": (("ingest", "dataset", "nope.csv"), "'nope.csv' does not exist", "path", 1),
    "empty file": (("ingest", "dataset", "empty.csv"), "'empty.csv' is empty", "", 1),
    "no rows": (("ingest", "dataset", "no_rows.csv"), "no_rows", "", 1),
    "wrong columns": (
        ("ingest", "dataset", "columns.csv"), "no column 'text'; it has 'review', 'stars'|no column 'text'", "column", 1,
    ),
    "wrong named column": (
        ("ingest", "dataset", "good.csv", "--label-column", "stars"), "no column 'stars'", "label-column", 1,
    ),
    "one class": (("ingest", "dataset", "one_class.csv"), "'same' only", "two classes", 1),
    "two rows": (("ingest", "dataset", "two_rows.csv"), "test split of 'two_rows' is empty", "more rows", 1),
    "labels unseen": (("ingest", "dataset", "unseen"), "training never shows: 'other'", "same labels", 1),
    "unreadable encoding": (
        ("ingest", "dataset", "good.csv", "--encoding", "utf-99"), "utf-99", "", 1,
    ),
    "binary": (("ingest", "dataset", "garbage.csv"), "garbage.csv", "", 1),
    "torn Parquet": (("ingest", "dataset", "torn.parquet"), "no whole Parquet file", "", 1),
    "unknown format": (("ingest", "dataset", "notes.docx"), "notes.docx", ".csv", 1),
    "folder without splits": (("ingest", "dataset", "folder"), "has no train.csv", "", 1),
    "unknown dataset": (("ingest", "dataset", "glu/colaa"), "glu/colaa", "", 1),
    "unreachable hub": (("ingest", "dataset", "hf:org/none"), "org/none", "", 1),
    "name of another": (
        ("ingest", "dataset", "good.csv", "--name", "news"), "registered with other texts", "--name", 1,
    ),
    "bad share": (("ingest", "dataset", "good.csv", "--test-share", "2"), "test share '2'", "0.3", 1),
    "bad seed": (("ingest", "dataset", "good.csv", "--seed", "-1"), "seed '-1'", "", 1),
    "option of another source": (
        ("ingest", "dataset", "good.csv", "--config", "x"), "unknown option of files", "", 1,
    ),
    "one name for two": (
        ("ingest", "dataset", "good.csv", "pool.csv", "--name", "a"), "--name is for one dataset", "", 2,
    ),
    "path as a name": (("ingest", "dataset", "good.csv", "--name", "../../etc/x"), "etc/x", "letters", 1),
    "absolute name": (("ingest", "dataset", "good.csv", "--name", "/etc/x"), "/etc/x", "letters", 1),
    "escape in a name": (("ingest", "dataset", "good.csv", "--name", "a\x1b[2J"), r"a\\+x1b", "", 1),
    "path as a group": (("ingest", "dataset", "good.csv", "--group", "..\\x"), "group name", "", 1),
    # encoders
    "no spec": (("ingest", "encoder", "bert"), "'bert' is no encoder spec", "KIND:NAME", 1),
    "unknown kind": (("ingest", "encoder", "tfid:"), "unknown encoder 'tfid'", "'tfidf'", 1),
    "unknown option": (("ingest", "encoder", "tfidf:?dmis=8"), "'dmis'", "'dims'", 1),
    "empty range": (("ingest", "encoder", "random:hash?seed=5..1"), "seed=5..1", "low..high", 1),
    "missing vectors": (("ingest", "encoder", "array:none.npy"), "no file 'none.npy'", "", 1),
    "NaN in vectors": (("ingest", "encoder", "array:nan.npy"), "NaN or infinite values in 1 rows", "", 1),
    "flat vectors": (("ingest", "encoder", "array:flat.npy"), r"shape \(20,\)", "matrix", 1),
    "too few vectors": (("ingest", "encoder", "array:short.npy"), "5 vectors for 20 texts", "", 1),
    "pickled vectors": (("ingest", "encoder", "array:objects.npy"), "Python objects", "", 1),
    "no texts beside": (("ingest", "encoder", "array:alone.npy"), "no text file", "texts.jsonl", 1),
    "no folder": (("ingest", "encoder", "st:/no/such/folder"), "/no/such/folder", "", 1),
    "model not cached": (("ingest", "encoder", "st:org/none"), "org/none", "", 1),
    # work
    "unknown encoder": (("embed", "--encoder", "nope:*"), "unknown encoder 'nope:\\*'", "", 1),
    "unknown name": (("probe", "--dataset", "newz"), "unknown dataset 'newz'", "'news'", 1),
    "unknown sampler": (("subset", "--sampler", "randon"), "unknown sampler 'randon'", "'random'", 1),
    "unknown parameter": (
        ("subset", "--protocol", "p", "--sampler", "label_noise", "--parameter", "rat=1"), "'rat'", "'rate'", 1,
    ),
    "parameter out of range": (
        ("subset", "--protocol", "p", "--sampler", "label_noise", "--parameter", "rate=7"), "7", "", 1,
    ),
    "another sampler": (("subset", "--sampler", "stratified"), "protocol 'curve' has sampler", "--protocol", 1),
    "unknown probe": (("subset", "--probes", "logistc"), "unknown probe 'logistc'", "'logistic'", 1),
    "sizes": (("subset", "--sizes", "16,zero"), "'zero' is no size", "16,32", 2),
    "size zero": (("subset", "--sizes", "0"), "'0' is no size", "", 2),
    "empty name": (("subset", "--probes", "logistic,"), "empty name", "", 2),
    "no setting": (("subset", "--parameter", "rate"), "'rate' is no setting", "key=value", 2),
    "a key twice": (("subset", "--parameter", "a=1", "--parameter", "a=2"), "stands twice", "", 2),
    "bad budget": (("update", "--budget", "soon"), "'soon' is no duration", "10m", 2),
    "negative budget": (("update", "--budget", "-5m"), "'-5m' is no duration", "", 2),
    "no workers": (("update", "--workers", "0"), "workers", "", 2),
    "unknown metric": (("fit", "--metric", "accurac"), "'accurac'", "'accuracy'", 1),
    "unknown model": (("fit", "--model", "stak"), "'stak'", "'stack'", 1),
    # predictions
    "predict missing": ((*PREDICT, "--train", "x.csv", "--eval", "pool.csv"), "x.csv", "", 1),
    "predict one class": (
        (*PREDICT, "--train", "one_class.csv", "--eval", "pool.csv"), "1 class", "second class", 1,
    ),
    "predict without text": ((*PREDICT, "--train", "good.csv", "--eval", "columns.csv"), "'text'", "", 1),
    "predict unknown encoder": (("predict", "--encoder", "foo:", *SAMPLE), "unknown encoder 'foo'", "", 1),
    "predict missing vectors": (
        ("predict", "--encoder", "array:few.parquet", *SAMPLE), "no vector for", "match exactly", 1,
    ),
    "predict several encoders": (
        ("predict", "--encoder", "random:hash?dims=8,16", *SAMPLE), "8,16", "", 1,
    ),
    "bad level": ((*PREDICT, *SAMPLE, "--level", "90"), "'90' is no level", "0.9", 2),
    "level one": ((*PREDICT, *SAMPLE, "--level", "1"), "'1' is no level", "", 2),
    "level nan": ((*PREDICT, *SAMPLE, "--level", "nan"), "'nan' is no level", "", 2),
    "at a smaller size": ((*PREDICT, *SAMPLE, "--at", "5"), "at=5 is below the 20", "", 1),
    "unknown target": ((*PREDICT, *SAMPLE, "--metric", "acuracy"), "'acuracy'", "'accuracy'", 1),
    "no encoder": (("predict", *SAMPLE), "--encoder", "", 2),
    "unknown key": (("outcome", "ffff", "--value", "0.5"), "'ffff'", "", 1),
    "empty key": (("outcome", "", "--value", "0.5"), "prediction", "", 1),
    "no value": (("outcome", "ffff"), "--value", "", 2),
    # questions
    "unknown query": (("query", "trainig_table"), "unknown query 'trainig_table'", "training_table", 1),
    "query as a path": (("query", "../../etc/passwd"), "passwd", "", 1),
    "deleting": (("query", "--sql", "DELETE FROM result"), "DELETE", "SELECT", 1),
    "dropping": (("query", "--sql", "SELECT 1; DROP TABLE result"), "", "SELECT", 1),
    "copying to a file": (("query", "--sql", "COPY result TO 'stolen.csv'"), "COPY", "SELECT", 1),
    "attaching": (("query", "--sql", "ATTACH 'x.db'"), "ATTACH", "SELECT", 1),
    "reading a file": (("query", "--sql", "SELECT * FROM read_csv('good.csv')"), "", "", 1),
    "bad SQL": (("query", "--sql", "SELEC 1"), "", "", 1),
    "unknown table": (("query", "--sql", "SELECT * FROM resultz"), "resultz", "result", 1),
    "unknown column": (("query", "--sql", "SELECT speck FROM encoder"), "speck", "", 1),
    "missing parameter": (("query", "--sql", "SELECT $n"), "n", "", 1),
    "extra parameter": (("query", "--sql", "SELECT 1", "-p", "n=1"), "n", "", 1),
    "name and SQL": (("query", "training_table", "--sql", "SELECT 1"), "not both", "", 2),
    "Parquet to a terminal": (("query", "--sql", "SELECT 1", "--format", "parquet"), "--output", "", 2),
    "no such folder": (
        ("query", "--sql", "SELECT 1", "--output", "none/x.csv"), "no folder 'none'", "", 1,
    ),
    "unknown style": (("status", "--format", "xml"), "xml", "json", 2),
    # registries
    "corrupt import": (("import", "corrupt"), "corrupt", "", 1),
    "import of nothing": (("import", "nowhere"), "nowhere", "", 1),
    "import of a file": (("import", "good.csv"), "good.csv", "", 1),
    "export onto a file": (("export", "good.csv"), "good.csv", "", 1),
    "no URL": (("status", "--registry", "nodb://x"), "nodb://", "sqlite or postgresql", 1),
    "in memory": (("status", "--registry", "sqlite://"), "memory", "file", 1),
    "folder as registry": (("status", "--registry", "folder"), "folder", "", 1),
    "no registry": (("status", "--registry", "other.db"), "no registry at other.db", "db upgrade", 1),
    "typo": (("updat",), "unknown command 'updat'", "'update'", 2),
}  # fmt: skip


def dump(registry):
    """Return all that a registry says, but for the record of its runs, and its artifacts."""
    with sqlite3.connect(registry) as connection:
        lines = [line for line in connection.iterdump() if not line.startswith('INSERT INTO "run"')]
    folder = registry.with_suffix(".artifacts")
    return lines, sorted(str(path) for path in folder.rglob("*") if path.is_file())


def said(result):
    """Check the form of an error and return what it says and how to mend it."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.stderr
    errors = re.findall(r"^(?:charz: error|Error): (.*)$", result.stderr, re.MULTILINE)
    assert len(errors) == 1, result.stderr
    if result.exit_code == 2:
        return errors[0], result.stderr
    remedies = re.findall(r"^charz: remedy: (.+)$", result.stderr, re.MULTILINE)
    assert len(remedies) == 1, result.stderr
    return errors[0], remedies[0]


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_error_with_a_remedy_and_changes_nothing(case, registry, charz, tmp_path):
    command, problem, remedy, code = BAD[case]
    files(tmp_path)
    before, listed = dump(registry), sorted(os.listdir(tmp_path))
    result = charz(*command)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    error, mended = said(result)
    assert re.search(problem, error), error
    assert remedy in mended, mended
    assert "\x1b" not in result.stderr
    assert dump(registry) == before
    assert sorted(os.listdir(tmp_path)) == listed


def test_a_stale_registry_names_the_command_that_mends_it(registry, charz):
    with sqlite3.connect(registry) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    before = dump(registry)
    error, remedy = said(charz("status"))
    assert "has schema 0000" in error
    assert "charz db upgrade" in remedy
    assert dump(registry) == before


@pytest.mark.parametrize(
    "command", [("status",), ("db", "upgrade"), ("ingest", "encoder", "tfidf:")]
)
def test_a_database_of_something_else_is_left_alone(charz, tmp_path, command):
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = foreign.read_bytes()
    error, remedy = said(charz(*command, "--registry", foreign))
    assert "recipes" in error
    assert "database of its own" in remedy
    assert foreign.read_bytes() == before


@pytest.mark.parametrize(
    "command", [("status",), ("db", "upgrade"), ("ingest", "encoder", "tfidf:")]
)
def test_a_file_that_is_no_database_is_left_alone(charz, tmp_path, command):
    file = tmp_path / "thesis.db"
    file.write_text("not a database, but years of work\n" * 50)
    before = file.read_bytes()
    said(charz(*command, "--registry", file))
    assert file.read_bytes() == before


def test_a_damaged_artifact_is_never_used(registry, charz):
    for path in registry.with_suffix(".artifacts").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-1] + b"!")
    error, remedy = said(
        charz(
            *PREDICT,
            "--train",
            registry.parent / "news.csv",
            "--eval",
            registry.parent / "news.csv",
        )
    )
    assert "artifact" in error
    assert remedy


def test_a_folder_that_cannot_be_written(charz, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
        error, _ = said(charz("ingest", "encoder", "tfidf:", "--registry", folder / "charz.db"))
    finally:
        folder.chmod(0o700)
    assert "closed" in error


def test_a_full_disk(charz, small_disk, registry):
    place = small_disk / "registry"
    place.mkdir()
    for file in registry.parent.glob("charz.db*"):
        shutil.copy(file, place)
    filler = small_disk / "filler"
    with filler.open("wb") as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(b"0" * 4096)
            file.flush()
    specs = [f"random:hash?dims={n}&seed=0..40" for n in range(2, 30)]
    error, remedy = said(charz("ingest", "encoder", *specs, "--registry", place / "charz.db"))
    assert re.search("full|space", error)
    assert "space" in remedy
    filler.unlink()
    with sqlite3.connect(place / "charz.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
