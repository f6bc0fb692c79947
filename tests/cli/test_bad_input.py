"""Bad input: one clear error that names the thing, a remedy, an exit code; nothing changes."""

import itertools
import os
import re
import shlex
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

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


PREDICT = "predict --encoder 'random:hash?dims=8' --train good.csv --eval pool.csv"

# By name: the command, a pattern of what is wrong, a part of the remedy. Exit code 1.
WRONG = {
    # files
    "missing file": ("ingest dataset nope.csv", "'nope.csv' does not exist", "path"),
    "empty file": ("ingest dataset empty.csv", "'empty.csv' is empty", "with rows"),
    "no rows": ("ingest dataset no_rows.csv", "no_rows", "give it some rows"),
    "wrong columns": (
        "ingest dataset columns.csv", "no column 'text'; it has 'review', 'stars'", "column",
    ),
    "wrong named column": (
        "ingest dataset good.csv --label-column stars", "no column 'stars'", "label-column",
    ),
    "one class": ("ingest dataset one_class.csv", "'same' only", "two classes"),
    "two rows": ("ingest dataset two_rows.csv", "test split of 'two_rows' is empty", "more rows"),
    "labels unseen": ("ingest dataset unseen", "training never shows: 'other'", "same labels"),
    "unreadable encoding": ("ingest dataset good.csv --encoding utf-99", "utf-99", "utf-8"),
    "binary": ("ingest dataset garbage.csv", "garbage.csv", "--encoding"),
    "torn Parquet": ("ingest dataset torn.parquet", "no whole Parquet file", "write it again"),
    "unknown format": ("ingest dataset notes.docx", "notes.docx", ".csv"),
    "folder without splits": ("ingest dataset folder", "has no train.csv", "name the file"),
    "unknown dataset": ("ingest dataset glu/colaa", "glu/colaa", "'cola'"),
    "unreachable hub": ("ingest dataset hf:org/none", "org/none", "connect"),
    "name of another": (
        "ingest dataset good.csv --name news", "registered with other texts", "--name",
    ),
    "bad share": ("ingest dataset good.csv --test-share 2", "test share '2'", "0.3"),
    "bad seed": ("ingest dataset good.csv --seed -1", "seed '-1'", "e.g. 0"),
    "option of another source": (
        "ingest dataset good.csv --config x", "unknown option of files", "did you mean",
    ),
    "path as a name": ("ingest dataset good.csv --name ../../etc/x", "etc/x", "letters"),
    "absolute name": ("ingest dataset good.csv --name /etc/x", "/etc/x", "letters"),
    "escape in a name": ("ingest dataset good.csv --name 'a\x1b[2J'", "a\\\\+x1b", "printable"),
    "path as a group": ("ingest dataset good.csv --group '..\\x'", "group name", "letters"),
    # encoders
    "no spec": ("ingest encoder bert", "'bert' is no encoder spec", "KIND:NAME"),
    "unknown kind": ("ingest encoder tfid:", "unknown encoder 'tfid'", "'tfidf'"),
    "unknown option": ("ingest encoder 'tfidf:?dmis=8'", "'dmis'", "'dims'"),
    "empty range": ("ingest encoder 'random:hash?seed=5..1'", "seed=5..1", "low..high"),
    "missing vectors": ("ingest encoder array:none.npy", "no file 'none.npy'", "array:PATH"),
    "NaN in vectors": (
        "ingest encoder array:nan.npy", "NaN or infinite values in 1 rows", "embed those texts",
    ),
    "flat vectors": ("ingest encoder array:flat.npy", "shape \\(20,\\)", "matrix"),
    "too few vectors": ("ingest encoder array:short.npy", "5 vectors for 20 texts", "one each"),
    "pickled vectors": ("ingest encoder array:objects.npy", "Python objects", "plain numbers"),
    "no texts beside": ("ingest encoder array:alone.npy", "no text file", "texts.jsonl"),
    "no folder": ("ingest encoder st:/no/such/folder", "/no/such/folder", "st:FOLDER"),
    "model not cached": ("ingest encoder st:org/none", "org/none", "connect"),
    # work
    "unknown encoder": ("embed --encoder 'nope:*'", "unknown encoder 'nope:\\*'", "tfidf:"),
    "unknown name": ("probe --dataset newz", "unknown dataset 'newz'", "'news'"),
    "unknown sampler": (
        "subset --protocol p --sampler randon", "unknown sampler 'randon'", "'random'",
    ),
    "unknown parameter": (
        "subset --protocol p --sampler label_noise --parameter rat=1", "'rat'", "'rate'",
    ),
    "parameter out of range": (
        "subset --protocol p --sampler label_noise --parameter rate=7", "7", "rate=0.1",
    ),
    "another sampler": (
        "subset --sampler stratified", "protocol 'curve' has sampler", "--protocol",
    ),
    "unknown probe": ("subset --probes logistc", "unknown probe 'logistc'", "'logistic'"),
    "unknown metric": ("fit --metric accurac", "'accurac'", "'accuracy'"),
    "unknown model": ("fit --model stak", "'stak'", "'stack'"),
    # predictions
    "predict missing": (
        "predict --encoder 'random:hash?dims=8' --train x.csv --eval pool.csv", "x.csv", "path",
    ),
    "predict one class": (
        "predict --encoder 'random:hash?dims=8' --train one_class.csv --eval pool.csv",
        "one_class.csv",
        "two classes",
    ),
    "predict without text": (
        "predict --encoder 'random:hash?dims=8' --train good.csv --eval columns.csv",
        "'text'",
        "--text-column",
    ),
    "predict unknown encoder": (
        "predict --encoder foo: --train good.csv --eval pool.csv", "unknown encoder 'foo'", "tfidf",
    ),
    "predict missing vectors": (
        "predict --encoder array:few.parquet --train good.csv --eval pool.csv",
        "no vector for",
        "match exactly",
    ),
    "predict several encoders": (
        "predict --encoder 'random:hash?dims=8,16' --train good.csv --eval pool.csv",
        "8,16",
        "integer",
    ),
    "at a smaller size": ("PREDICT --at 5", "at=5 is below the 20", "larger"),
    "unknown target": ("PREDICT --metric acuracy", "'acuracy'", "'accuracy'"),
    "unknown key": ("outcome ffff --value 0.5", "'ffff'", "no prediction"),
    "empty key": ("outcome '' --value 0.5", "prediction", "no prediction"),
    # questions
    "unknown query": ("query trainig_table", "unknown query 'trainig_table'", "training_table"),
    "query as a path": ("query ../../etc/passwd", "passwd", "known: "),
    "deleting": ("query --sql 'DELETE FROM result'", "DELETE", "SELECT"),
    "dropping": ("query --sql 'SELECT 1; DROP TABLE result'", "2 statements", "SELECT"),
    "copying to a file": ("query --sql \"COPY result TO 'stolen.csv'\"", "COPY", "SELECT"),
    "attaching": ("query --sql \"ATTACH 'x.db'\"", "ATTACH", "SELECT"),
    "reading a file": (
        "query --sql \"SELECT * FROM read_csv('good.csv')\"", "Cannot access file", "schema.md",
    ),
    "bad SQL": ("query --sql 'SELEC 1'", "does not parse", "SELECT"),
    "unknown table": ("query --sql 'SELECT * FROM resultz'", "resultz", "result"),
    "unknown column": ("query --sql 'SELECT speck FROM encoder'", "speck", "schema.md"),
    "missing parameter": ("query --sql 'SELECT $n'", "n", "-p n="),
    "extra parameter": ("query --sql 'SELECT 1' -p n=1", "n", "takes none"),
    "no such folder": ("query --sql 'SELECT 1' --output none/x.csv", "no folder 'none'", "make it"),
    # pictures, of work that is not begun
    "curve into no folder": (
        "curve --encoder tfidf: --train good.csv --figure none/x.png", "no folder 'none'", "make it"
    ),
    "coverage into no folder": (
        "coverage --encoder tfidf: --train good.csv --eval pool.csv --figure none/x.png",
        "no folder 'none'", "make it",
    ),
    "head into no folder": (
        "head --encoder tfidf: --train good.csv --figure none/x.png", "no folder 'none'", "make it"
    ),
    "label into no folder": (
        "label --encoder tfidf: --pool good.csv --figure none/x.png", "no folder 'none'", "make it"
    ),
    "front into no folder": (
        "recommend --facts n_classes=2 --figure none/x.txt", "no folder 'none'", "make it"
    ),
    # registries
    "corrupt import": ("import corrupt", "corrupt", "export"),
    "import of nothing": ("import nowhere", "nowhere", "folder"),
    "import of a file": ("import good.csv", "good.csv", "folder"),
    "export onto a file": ("export good.csv", "good.csv", "new folder"),
    "no URL": ("status --registry nodb://x", "nodb://", "postgresql://"),
    "in memory": ("status --registry sqlite://", "memory", "file"),
    "folder as registry": ("status --registry folder", "folder", "path"),
    "no registry": ("status --registry other.db", "no registry at other.db", "db upgrade"),
}  # fmt: skip

# By name: a command line that is itself wrong, and a pattern of the one line that says so.
MISUSED = {
    "one name for two": ("ingest dataset good.csv pool.csv --name a", "--name is for one dataset"),
    "sizes": ("subset --sizes 16,zero", "'zero' is no size"),
    "size zero": ("subset --sizes 0", "'0' is no size"),
    "empty name": ("subset --probes logistic,", "empty name"),
    "no setting": ("subset --parameter rate", "'rate' is no setting"),
    "a key twice": ("subset --parameter a=1 --parameter a=2", "stands twice"),
    "bad budget": ("update --budget soon", "'soon' is no duration"),
    "negative budget": ("update --budget -5m", "'-5m' is no duration"),
    "no workers": ("update --workers 0", "workers"),
    "bad level": ("PREDICT --level 90", "'90' is no level"),
    "level one": ("PREDICT --level 1", "'1' is no level"),
    "level nan": ("PREDICT --level nan", "'nan' is no level"),
    "bad domain": ("PREDICT --domain elsewhere", "'unknown', 'same', 'other'"),
    "no encoder": ("predict --train good.csv --eval pool.csv", "--encoder"),
    "no value": ("outcome ffff", "--value"),
    "name and SQL": ("query training_table --sql 'SELECT 1'", "not both"),
    "Parquet to a terminal": ("query --sql 'SELECT 1' --format parquet", "--output"),
    "unknown style": ("status --format xml", "xml"),
    "typo": ("updat", "unknown command 'updat'"),
}  # fmt: skip


def dump(registry):
    """Return all that a registry says, but for the record of its runs, and its artifacts."""
    with closing(sqlite3.connect(registry)) as connection:
        lines = [line for line in connection.iterdump() if not line.startswith('INSERT INTO "run"')]
    folder = registry.with_suffix(".artifacts")
    return lines, sorted(str(path) for path in folder.rglob("*") if path.is_file())


def said(result):
    """Check the form of an error; return its code, what it says and how to mend it."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.stderr
    assert "\x1b" not in result.stderr
    assert result.stdout == ""
    errors = re.findall(r"^(?:charz: error|Error): (.+)$", result.stderr, re.MULTILINE)
    remedies = re.findall(r"^charz: remedy: (.+)$", result.stderr, re.MULTILINE)
    assert len(errors) == 1, result.stderr
    assert len(remedies) == (result.exit_code == 1), result.stderr
    return result.exit_code, errors[0], "".join(remedies)


@pytest.fixture
def refused(registry, charz, tmp_path, charz_home):
    """Run a command that must fail and leave everything as it was but for vectors it may keep."""
    files(tmp_path)

    def run(command):
        before, listed = dump(registry), set(os.listdir(tmp_path))
        result = charz(*shlex.split(command.replace("PREDICT", PREDICT)))
        assert dump(registry) == before
        assert set(os.listdir(tmp_path)) - {charz_home.name} == listed - {charz_home.name}
        kept = {file.parent.relative_to(charz_home) for file in charz_home.rglob("*.*")}
        assert kept <= {Path("artifacts/chunks")}
        return said(result)

    return run


@pytest.mark.parametrize("case", WRONG)
def test_bad_input_is_one_error_with_a_remedy(case, refused):
    command, problem, remedy = WRONG[case]
    code, error, mended = refused(command)
    assert code == 1
    assert re.search(problem, error), error
    assert remedy in mended, mended


@pytest.mark.parametrize("case", MISUSED)
def test_wrong_usage_is_one_line(case, refused):
    command, problem = MISUSED[case]
    code, error, _ = refused(command)
    assert code == 2
    assert re.search(problem, error), error


def test_a_stale_registry_names_the_command_that_mends_it(registry, charz):
    with sqlite3.connect(registry) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    before = dump(registry)
    _, error, remedy = said(charz("status"))
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
    _, error, remedy = said(charz(*command, "--registry", foreign))
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
    news = registry.parent / "news.csv"
    asked = ("predict", "--encoder", "random:hash?dims=8", "--train", news, "--eval", news)
    _, error, remedy = said(charz(*asked))
    assert "artifact" in error
    assert remedy


@pytest.mark.parametrize("artifacts", [(), ("--artifacts",)], ids=["rows", "artifacts"])
def test_a_corrupted_export_adds_nothing(registry, charz, tmp_path, artifacts):
    assert charz("export", "out", *artifacts).exit_code == 0
    inside = "artifacts" if artifacts else "."
    largest = max((tmp_path / "out" / inside).rglob("*.*"), key=lambda path: path.stat().st_size)
    whole = largest.read_bytes()
    largest.write_bytes(whole[:100] + bytes(byte ^ 1 for byte in whole[100:110]) + whole[110:])
    other = tmp_path / "other.db"
    assert charz("db", "upgrade", "--registry", other).exit_code == 0
    before = dump(other)[0]
    code, error, remedy = said(charz("import", "out", "--registry", other))
    assert code == 1
    assert largest.name.partition(".")[0][:12] in error or "out" in error
    assert remedy
    assert dump(other)[0] == before


def test_a_folder_that_cannot_be_written(charz, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
        _, error, _ = said(charz("ingest", "encoder", "tfidf:", "--registry", folder / "charz.db"))
    finally:
        folder.chmod(0o700)
    assert "closed" in error


def test_a_full_disk(charz, small_disk, registry):
    place = small_disk / "registry"
    place.mkdir()
    for file in registry.parent.glob("charz.db*"):
        shutil.copy(file, place)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        file.writelines(itertools.repeat(b"0" * 4096))
    spec = "random:hash?dims=8&seed=0..40"
    _, error, remedy = said(charz("ingest", "encoder", spec, "--registry", place / "charz.db"))
    assert re.search("disk|space", error)
    assert "space" in remedy
    filler.unlink()
    with closing(sqlite3.connect(place / "charz.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
