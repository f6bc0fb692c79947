"""Silence for chatty libraries: their progress bars and advice are no rows and no errors."""

from __future__ import annotations

import contextlib
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

_LOGGERS = ("sentence_transformers", "transformers", "huggingface_hub", "httpx", "torch")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Show neither progress bars, log lines below errors nor warnings; restore all after."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    bars = _bars()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    for module in bars:
        module.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for module in bars:
            module.enable_progress_bar()


def _bars() -> list[Any]:
    """Return the modules, of those imported, whose progress bars are on."""
    bars: list[Any] = []
    transformers = sys.modules.get("transformers.utils.logging")
    if transformers is not None and transformers.is_progress_bar_enabled():
        bars.append(transformers)
    hub = sys.modules.get("huggingface_hub.utils")
    if hub is not None:
        bars.append(_Hub(hub))
    return [each for each in bars if not (isinstance(each, _Hub) and each.are_off)]


class _Hub:
    def __init__(self, module: Any) -> None:
        self.are_off = module.are_progress_bars_disabled()
        self.disable_progress_bar = module.disable_progress_bars
        self.enable_progress_bar = module.enable_progress_bars
