"""Counts of units, heard in this process and from others."""

from __future__ import annotations

import threading
import time

from charz.records import Silence
from charz.steps import _tally
from tests import processes

CHILD = """
import sys
from charz.steps import _tally
with _tally.heard(_tally.appending(sys.argv[1])) as counts:
    for _ in range(200):
        _tally.tell(texts=1, tokens=3.0)
print(int(counts["tokens"]))
"""


def test_nobody_hears_what_is_told_outside():
    _tally.tell(texts=1)
    with _tally.heard() as outer:
        _tally.tell(texts=2)
        with _tally.heard() as inner:
            _tally.tell(texts=4)
        _tally.tell(texts=8)
    assert (outer["texts"], inner["texts"]) == (10, 4)


def test_other_processes_are_heard_while_they_work():
    total = {"texts": 0, "tokens": 0}
    whole = threading.Event()

    def ear(counts):
        for name, n in counts.items():
            total[name] += n
        if total["texts"] == 400:
            whole.set()

    with _tally.followed(ear) as path:
        both = [processes.start(CHILD, path), processes.start(CHILD, path)]
        assert [processes.finish(process).strip() for process in both] == ["600", "600"]
        assert whole.wait(timeout=60)
    assert total == {"texts": 400, "tokens": 1200}
    before = threading.active_count()
    with _tally.followed(ear):
        time.sleep(0)
    assert threading.active_count() == before


def test_what_is_under_way_is_what_was_told_less_what_ended():
    class Shown(Silence):
        seen = None

        def flow(self, counts, within):
            self.seen = dict(counts), within

    shown = Shown()
    flow = _tally.Flow(shown)
    flow.hear({"part": 1.5, "texts": 10})
    assert shown.seen == ({"texts": 10}, 1.5)
    flow.hear({"part": 2.0, "texts": 20})
    flow.ended({"part": 3.0})
    flow.hear({"part": 0.25, "texts": 1})
    assert shown.seen == ({"texts": 31}, 0.75)
