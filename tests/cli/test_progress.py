"""Where a step is and how fast, said on stderr while it runs."""

from __future__ import annotations

import re

from rich.progress import Progress as Bars

from charz.cli import _progress, output
from charz.records import Summary


def test_lines_speak_within_a_unit(capsys, monkeypatch):
    monkeypatch.setattr(_progress, "_SECONDS_BETWEEN_LINES", 0.0)
    lines = _progress.Lines()
    lines.start("embed", 6, "embeddings")
    lines.flow({"texts": 40, "tokens": 900}, 1.5)
    lines.flow({"texts": 80, "tokens": 1900}, 3.0)
    lines.advance(3, "a unit")
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == "charz: embed: 6 embeddings"
    pattern = (
        r"charz: embed: (\d) of 6 embeddings, [\d,.]+ texts/s, [\d,.]+ tokens/s, about .* left"
    )
    assert [re.fullmatch(pattern, line)[1] for line in rest] == ["0", "0", "3"]


def test_lines_of_steps_that_count_nothing_are_of_units(capsys, monkeypatch):
    monkeypatch.setattr(_progress, "_SECONDS_BETWEEN_LINES", 0.0)
    lines = _progress.Lines()
    lines.start("embed", 2, "embeddings")
    lines.flow({"texts": 40}, 1.0)
    lines.start("probe", 4, "cells")
    lines.advance(2)
    assert re.search(r"probe: 2 of 4 cells, [\d.]+/(s|min), about", capsys.readouterr().err)


def test_a_bar_moves_within_a_unit_and_ends_where_the_units_do():
    with Bars(auto_refresh=False, disable=True) as bars:
        bar = _progress.Bar(bars)
        bar.start("embed", 6, "embeddings")
        seen = []
        for within in (1.5, 3.0):
            bar.flow({"texts": 5}, within)
            seen.append(bars.tasks[0].completed)
        bar.advance(3)
        seen.append(bars.tasks[0].completed)
        bar.flow({"texts": 9}, 0.5)
        seen.append(bars.tasks[0].completed)
        assert seen == [1.5, 3.0, 3.0, 3.5]
        assert "texts/s" in bars.tasks[0].fields["rate"]


def test_the_summary_says_the_rate_and_what_was_there(capsys):
    counts = {"texts": 300, "tokens": 15000, "kept": 1200}
    output.summaries([Summary("embed", 2, seconds=2.0, unit="embeddings", counts=counts)], "csv")
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "charz: embed: 1,200 texts were there from a run that was stopped",
        "charz: embed: 300 texts encoded, 150 texts/s, 7,500 tokens/s",
    ]
    assert said.out.splitlines()[1].startswith("embed,2,0,0,embeddings,2.0")
