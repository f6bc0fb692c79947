"""How many threads the environment grants to encoders."""

from __future__ import annotations

import os


def granted() -> int:
    """Return ``OMP_NUM_THREADS``, which users and joblib's worker processes set, or the cores.

    More threads than that spin against each other on a busy machine.
    """
    stated = os.environ.get("OMP_NUM_THREADS", "")
    return int(stated) if stated.isdigit() and int(stated) else _n_cores()


def bound_tokenizers() -> None:
    """Hold the tokenizers library to as many threads, unless ``RAYON_NUM_THREADS`` says more.

    It asks once, when it first works, and else takes every core in every worker process.
    """
    os.environ.setdefault("RAYON_NUM_THREADS", str(granted()))


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
