"""A tiny public record whose encoders ``wordllama`` and ``glove`` can be run in tests."""

from __future__ import annotations

import random

from tests import small_record

TASKS = ("Moods", "Sports", "Money", "Trips", "Foods", "Films")
SIZES = {"wordllama": None, "glove": None, "org/small": 5e6, "org/middle": 9e7, "org/large": 2e9,
         "org/secret": 7e9}  # fmt: skip
SKILL = {"glove": 0.50, "wordllama": 0.58, "org/small": 0.55, "org/middle": 0.70,
         "org/large": 0.78, "org/secret": 0.80}  # fmt: skip


def folder(place):
    """Write the record as tables and return its folder."""
    chance = random.Random(0)
    lines = []
    for place_of_task, task in enumerate(TASKS):
        for name, skill in SKILL.items():
            value = skill + 0.03 * place_of_task + chance.uniform(-0.02, 0.02)
            draws = [value - 0.01, value, value + 0.01]
            lines.append(small_record.line(name, task, accuracy=value,
                                           accuracy_per_experiment=draws))  # fmt: skip
    tasks = [row for task in TASKS for row in small_record.both(task)]
    return small_record.tables(place, lines, tasks, [_encoder(name) for name in SKILL])


def _encoder(name):
    size = SIZES[name]
    facts = {
        "n_parameters": None if size is None else str(int(size)), "embed_dim": None,
        "open_weights": str(name != "org/secret"), "training_datasets": '["NQ"]',
        "license": {"org/small": "apache-2.0", "org/large": None}.get(name, "mit"),
        "languages": '["eng-Latn", "deu-Latn"]' if name == "org/large" else '["eng-Latn"]',
    }  # fmt: skip
    if name == "org/middle":
        facts["training_datasets"] = '["MoodsClassification", "NQ"]'
    return small_record.encoder(name, **facts)
