"""Python processes for the tests: separate ones, which may be killed."""

from __future__ import annotations

import subprocess
import sys


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a script; what it says comes line by line."""
    return subprocess.Popen(
        [sys.executable, "-u", "-c", script, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for a process that must succeed, and return what it said."""
    said, complaint = process.communicate(timeout=120)
    assert process.returncode == 0, complaint
    return said


def kill(process: subprocess.Popen[str], after: int) -> list[str]:
    """Kill a process -9 once it said ``after`` lines; return all that it said."""
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(after)]
    process.kill()
    rest, complaint = process.communicate(timeout=60)
    assert process.returncode == -9, complaint
    return [line.strip() for line in said + rest.splitlines() if line.strip()]
