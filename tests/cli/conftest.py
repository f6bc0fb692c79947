"""The command line as its users meet it: real commands on real registries."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charz.cli import main

Run = Callable[..., Result]

TOPICS = {
    "sport": "match team goal score season player coach league final win",
    "money": "bank market share profit price trade stock loan tax growth",
}
COMMON = "the a of to in on and for with as new today two last year more"


def texts(n, seed):
    """Return n (text, label) rows that a linear probe can tell apart, mostly."""
    chance = random.Random(seed)
    labels = [list(TOPICS)[i % 2] for i in range(n)]
    return [
        (
            " ".join(
                chance.choices(COMMON.split(), k=6) + chance.choices(TOPICS[label].split(), k=2)
            ),
            label,
        )
        for label in labels
    ]


def table(path, rows, header="text,label"):
    path.write_text("".join(f"{','.join(row)}\n" for row in (header.split(","), *rows)))
    return path


def run(*arguments, **settings):
    return CliRunner().invoke(main, [str(each) for each in arguments], **settings)


@pytest.fixture
def charz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty folder; a traceback is a bug."""
    monkeypatch.chdir(tmp_path)
    return run


@pytest.fixture
def rows(charz: Run) -> Callable[..., list[dict]]:
    """Run a command that must succeed and return its rows."""

    def of(*arguments):
        result = charz(*arguments, "--format", "json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return of


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a registry once: two datasets, two encoders, everything measured and fitted."""
    folder = tmp_path_factory.mktemp("built")
    registry = ("--registry", folder / "charz.db")
    for seed, name in enumerate(("news", "blogs")):
        file = table(folder / f"{name}.csv", texts(90, seed))
        done(run("ingest", "dataset", file, *registry))
    done(run("ingest", "encoder", "tfidf:?dims=16", "random:hash?dims=16", *registry))
    plan = ("--sizes", "8,16", "--seeds", "2", "--probes", "logistic")
    done(run("subset", *plan, *registry))
    for step in (("embed",), ("probe",), ("characterize",), ("fit", "--model", "ridge")):
        done(run(*step, *registry))
    return folder


def done(result):
    assert result.exit_code == 0, result.output


@pytest.fixture
def registry(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a test a copy of the built registry, named by CHARZ_REGISTRY."""
    copy = tmp_path / "registry"
    shutil.copytree(built, copy)
    monkeypatch.setenv("CHARZ_REGISTRY", str(copy / "charz.db"))
    return copy / "charz.db"


@pytest.fixture
def task(tmp_path: Path) -> dict[str, Path]:
    """Write a labelled sample and unlabelled texts of a new task."""
    train = table(tmp_path / "train.csv", texts(24, 7))
    pool = table(tmp_path / "pool.csv", [(text,) for text, _ in texts(40, 8)], header="text")
    return {"train": train, "eval": pool}
