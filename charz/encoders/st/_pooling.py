"""From token vectors to a text's vector, for many layers of one batch."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch


class Pooler:
    """Poolings over the tokens of one batch, whatever the layer.

    Parameters
    ----------
    mask : integer tensor (n, length)
        1 where a token is, 0 where padding.
    n_prompt : int
        Leading tokens left out of every pooling, for checkpoints trained so; they count
        in texts that have no other.
    """

    def __init__(self, mask: Any, n_prompt: int = 0) -> None:
        self._mask = mask
        if n_prompt:
            beyond = mask.clone()
            beyond[:, :n_prompt] = 0
            has_any = beyond.any(dim=1, keepdim=True)
            self._mask = torch.where(has_any, beyond, mask)

    def pool(self, states: Any, how: str) -> Any:
        """Pool token vectors (n, length, width) to (n, width)."""
        if how == "mean":
            return torch.bmm(self._shares, states).squeeze(1)
        if how == "max":
            return states.masked_fill(self._gaps, float("-inf")).amax(dim=1)
        return states[self._rows, self._firsts if how == "cls" else self._lasts]

    @cached_property
    def _shares(self) -> Any:
        """Each token's share of the mean, (n, 1, length)."""
        weights = self._mask.float()
        return (weights / weights.sum(dim=1, keepdim=True).clamp(min=1)).unsqueeze(1)

    @cached_property
    def _gaps(self) -> Any:
        return (self._mask == 0).unsqueeze(2)

    @cached_property
    def _rows(self) -> Any:
        return torch.arange(len(self._mask), device=self._mask.device)

    @cached_property
    def _firsts(self) -> Any:
        return self._mask.argmax(dim=1)

    @cached_property
    def _lasts(self) -> Any:
        return self._mask.shape[1] - 1 - self._mask.flip(1).argmax(dim=1)
