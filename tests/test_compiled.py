"""Loops compiled at their first call: the same answer, and no cost before it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from charz.compiled import Loop

SOURCE = """
def total(values):
    found = 0.0
    for value in values:
        found += value
    return found
"""


def made() -> Loop:
    """Return a loop whose source lies in no file, so that machine code cannot be kept."""
    names: dict = {}
    exec(compile(SOURCE, "<nowhere>", "exec"), names)
    return Loop(names["total"])


def test_a_loop_is_compiled_by_its_first_call_and_adds_in_order():
    loop, values = made(), np.random.default_rng(0).normal(size=1001)
    assert not loop.is_ready
    assert loop.python(values) == loop(values)
    assert loop.is_ready
    assert loop(values) == pytest.approx(values.sum())


def test_machine_code_is_made_anew_where_it_cannot_be_kept():
    assert made()(np.arange(5.0)) == 10


def test_modules_with_loops_do_not_load_the_compiler():
    script = """
import sys
import charz.metrics, charz.probes.knn
from charz.metrics import measure
import numpy as np
measure(np.full((4, 2), 0.5), np.array([0, 1, 0, 1]))
print("numba" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
