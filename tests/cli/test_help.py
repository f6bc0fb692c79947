"""What people read first: quick, complete, in the order of the work."""

import json
import shlex
import subprocess
import sys

import click
import pytest

import charz as package
from charz.cli import main
from charz.cli._group import ORDER

HEAVY = {
    "numpy",
    "sqlalchemy",
    "pandas",
    "rich",
    "duckdb",
    "pyarrow",
    "sklearn",
    "torch",
    "alembic",
}
LIGHT = """
import json, sys
from charz.cli import main
try:
    main({arguments!r})
except SystemExit:
    print(json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})), file=sys.stderr)
"""


def leaves(group=main, path=()):
    """Yield every command with its path."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        found = group.get_command(ctx, name)
        if isinstance(found, click.Group):
            yield from leaves(found, (*path, name))
        else:
            yield (*path, name), found


LEAVES = dict(leaves())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["embed", "--help"], ["nonsense"]]
)
def test_help_loads_nothing_heavy(arguments):
    code = LIGHT.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "click" in loaded
    assert not loaded & HEAVY


def test_commands_stand_in_the_order_of_the_work(charz):
    ctx = click.Context(main)
    names = main.list_commands(ctx)
    assert names == [name for name in ORDER if name in names]
    lines = charz("--help").stdout.splitlines()
    listed = [line.split()[0] for line in lines[lines.index("Commands:") + 1 :]]
    assert listed == names
    assert {"quickstart", "ingest", "update", "predict", "import", "db"} <= set(names)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_says_what_it_does_in_a_line_and_by_example(path, charz):
    help_ = charz(*path, "--help").stdout
    summary = help_.splitlines()[2].strip()
    assert summary.endswith(".")
    assert summary in charz(*path[:-1], "--help").stdout  # the list does not cut it short
    assert "Examples:\n" in help_
    for name in vars(LEAVES[path])["params"]:
        assert isinstance(name, click.Argument) or name.help  # the usage line tells of arguments


@pytest.mark.parametrize(
    ("path", "line"),
    [(path, line) for path, command in LEAVES.items() for line in command.examples],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_examples_can_be_typed(path, line):
    words = shlex.split(line)
    assert words[0] == "charz"
    assert tuple(words[1 : 1 + len(path)]) == path
    LEAVES[path].make_context(path[-1], words[1 + len(path) :])  # parses, or raises UsageError


@pytest.mark.parametrize(
    ("typed", "meant"), [(["predcit"], "'predict'"), (["db", "upgade"], "'upgrade'")]
)
def test_a_near_miss_is_pointed_at(charz, typed, meant):
    result = charz(*typed)
    assert result.exit_code == 2
    assert f"unknown command '{typed[-1]}'; did you mean {meant}" in result.stderr
    assert result.stdout == ""


def test_version(charz):
    assert charz("--version").stdout == f"charz {package.__version__}\n"
