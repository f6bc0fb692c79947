"""How commands end when things outside go wrong."""

import errno
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from functools import partial

import click
import pytest
from click.testing import CliRunner

from charz.cli import Charz
from charz.errors import CheckFailed, InputError

CHARZ = [sys.executable, "-c", "from charz.cli import main; main()"]


def ending(error, *flags):
    """Run a command of our group that raises ``error``."""

    @click.group(cls=Charz)
    @click.option("--debug", is_flag=True)
    def group(debug):
        pass

    @group.command()
    def fail():
        raise error

    return CliRunner().invoke(group, [*flags, "fail"])


def test_an_error_is_two_lines_and_its_exit_code():
    result = ending(InputError("no\x1b[2J column", "name it"))
    assert result.exit_code == 1
    assert result.stderr == "charz: error: no\\x1b[2J column\ncharz: remedy: name it\n"
    assert result.stdout == ""
    assert ending(CheckFailed("rows", "look")).exit_code == 3


def test_debug_shows_the_traceback_before_the_lines():
    result = ending(InputError("a", "b"), "--debug")
    assert "Traceback (most recent call last)" in result.stderr
    assert result.stderr.endswith("charz: error: a\ncharz: remedy: b\n")
    assert result.exit_code == 1


@pytest.mark.parametrize(
    "code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENAMETOOLONG, errno.EISDIR]
)
def test_what_the_system_refuses_is_an_error_with_a_remedy(code):
    result = ending(OSError(code, os.strerror(code), "/some/file"))
    assert result.exit_code == 1
    assert result.stderr.startswith(
        f"charz: error: {os.strerror(code)}: /some/file\ncharz: remedy: "
    )


def test_a_bug_keeps_its_traceback():
    assert isinstance(ending(ZeroDivisionError("oops")).exception, ZeroDivisionError)
    assert isinstance(ending(OSError(errno.EBADF, "bad")).exception, OSError)


def test_ctrl_c_keeps_what_is_done(registry, charz):
    charz("subset", "--sizes", ",".join(map(str, range(4, 60))), "--seeds", "20")
    environment = os.environ | {"CHARZ_REGISTRY": str(registry)}
    with subprocess.Popen(
        [*CHARZ, "probe"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        # Whoever runs the tests in the background has it ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        first = process.stderr.readline()
        assert re.match(r"charz: probe: \d+ cells", first), first
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "what is done is kept" in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
    runs = charz("query", "--sql", "SELECT status FROM run ORDER BY id DESC LIMIT 1").stdout
    assert runs == "status\nfailed\n"


def test_a_closed_pipe_is_quiet(registry):
    environment = os.environ | {"CHARZ_REGISTRY": str(registry)}
    sql = "SELECT i, repeat('x', 100) AS x FROM range(20000) AS t(i)"
    command = subprocess.Popen(
        [*CHARZ, "query", "--sql", sql],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
    )  # fmt: skip
    with command:
        assert command.stdout.readline() == b"i,x\n"
        command.stdout.close()
        assert command.stderr.read() == b""


def terminal(arguments, columns, registry):
    """Run charz on a terminal of so many columns and return what it shows."""
    environment = os.environ | {
        "CHARZ_REGISTRY": str(registry), "COLUMNS": str(columns), "TERM": "xterm",
    }  # fmt: skip
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*CHARZ, *arguments], stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown, end = b"", time.monotonic() + 120
    while time.monotonic() < end and select.select([ours], [], [], 120)[0]:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    assert process.wait(timeout=120) == 0, shown
    return shown.decode().replace("\r\n", "\n")


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_a_table_fits_its_terminal_and_says_what_it_hides(registry):
    shown = plain(terminal(["query", "training_table"], 70, registry))
    lines = shown.splitlines()
    assert lines[0].startswith("encoder")
    assert all(len(line.rstrip()) <= 70 for line in lines[:17])
    assert lines[17].startswith("charz: no room for ")
    assert lines[17].endswith("a wider terminal or --format csv shows all")


def test_progress_moves_on_a_terminal(registry, charz):
    charz("ingest", "encoder", "random:hash?dims=8")
    shown = plain(terminal(["embed"], 120, registry))
    assert re.search(r"embed .*\d+/4 embeddings +[\d,.]+ texts/s, [\d,.]+ tokens/s", shown)
    said = [line for line in shown.splitlines() if line.startswith("charz: embed")]
    assert [re.sub(r"[\d,.]+\d", "N", line) for line in said] == [
        "charz: embed: N texts encoded, N texts/s, N tokens/s"
    ]


def test_progress_is_plain_lines_elsewhere(registry, charz):
    charz("ingest", "encoder", "random:hash?dims=8")
    result = charz("embed", "--format", "csv")
    assert "charz: embed: 4 embeddings\n" in result.stderr
    assert re.search(r"^charz: embed: \d+ texts encoded, .* tokens/s$", result.stderr, re.MULTILINE)
    assert "\x1b" not in result.stderr
    assert result.stdout.startswith("step,done,failed,left,unit,seconds\n")
