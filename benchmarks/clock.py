"""What the benchmarks share: CPU time, and the facts that figures depend on."""

from __future__ import annotations

import importlib
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


def cpu(work: Callable[[], object], repeats: int = 1) -> float:
    """Return the least CPU seconds of ``repeats`` runs."""
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return float(best)


def machine(*packages: str) -> str:
    """Return processor, load, and the versions of Python, NumPy, its BLAS and ``packages``."""
    import threadpoolctl

    versions = [version(name) for name in packages]
    pools = threadpoolctl.threadpool_info()
    blas = {f"{pool['internal_api']} {pool['version']}" for pool in pools if pool["version"]}
    return (
        f"{processor()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, numpy {np.__version__}, "
        f"{', '.join([*sorted(blas), *versions])}"
    )


def version(name: str) -> str:
    """Return a module's name and version; loads it, for some bring thread pools of their own."""
    try:
        return f"{name} {importlib.import_module(name).__version__}"
    except ImportError:
        return f"without {name}"


def processor() -> str:
    """Return the processor's name, where the system tells it."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
