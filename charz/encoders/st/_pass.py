"""One pass over the texts: every layer and pooling that was asked for.

Texts are tokenised once, sorted by length and cut into batches of about equal numbers of
tokens. The batches depend on the texts alone, never on the layers or poolings asked for,
so encoding again gives the same floats.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from charz.encoders._output import finish
from charz.encoders._quiet import quiet
from charz.encoders._threads import granted
from charz.encoders.st._batches import MOST_ROWS, Tokens, batches, tokenize
from charz.encoders.st._network import Network
from charz.encoders.st._pooling import Pooler
from charz.encoders.st._settings import Settings

CPU_BUDGET, GPU_BUDGET = 1024, 16384
"""Padded tokens per batch. On a CPU, larger batches fall out of its cache: 4096 took a fifth
more CPU time with MiniLM-L6."""


class Pass:
    """Specs of one checkpoint; see `charz.encoders.Loaded`."""

    is_fitted = False

    def __init__(self, network: Network, settings: Sequence[Settings]) -> None:
        self.n_tokens = 0
        self.n_empty = 0
        self._network = network
        self._settings = list(settings)
        self._keys = list(dict.fromkeys(_key(each) for each in settings))
        self._n_prompt = 0 if settings[0].pools_prompt else self._prompt_tokens()

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return one array (len(texts), n_dims) per spec; a text without a token is zero."""
        first = self._settings[0]
        with quiet():
            tokens = tokenize(
                self._network.tokenizer,
                [first.prompt + text for text in texts],
                first.max_tokens,
                self._network.takes,
            )
        self.n_tokens += int(tokens.lengths.sum())
        self.n_empty += int((tokens.lengths == 0).sum())
        with _threads(), torch.inference_mode():
            pooled = self._run(tokens)
        return [finish(pooled[_key(each)], each.n_dims, each.normalize) for each in self._settings]

    def state(self) -> str:
        """Return all that the floats depend on besides specs and texts."""
        budget = CPU_BUDGET, GPU_BUDGET, MOST_ROWS
        return f"{self._network.state}, {granted()} threads, batches {budget}"

    def _run(self, tokens: Tokens) -> dict[tuple[int, str], NDArray[np.float32]]:
        n_texts = len(tokens.lengths)
        out: dict[tuple[int, str], NDArray[np.float32]] = {}
        is_cpu = self._network.device.type == "cpu"
        for rows in batches(tokens.lengths, CPU_BUDGET if is_cpu else GPU_BUDGET):
            inputs = tokens.padded(rows)
            on_device = {
                name: torch.from_numpy(array).to(self._network.device)
                for name, array in inputs.items()
            }
            for key, block in self._pool(on_device).items():
                if key not in out:
                    out[key] = np.zeros((n_texts, block.shape[1]), dtype=np.float32)
                out[key][rows] = block
        return out or {key: self._nothing(n_texts, key) for key in self._keys}

    def _pool(self, inputs: dict[str, Any]) -> dict[tuple[int, str], NDArray[np.float32]]:
        states = self._states(inputs)
        pooler = Pooler(inputs["attention_mask"], self._n_prompt)
        found = [
            self._own(states[-1].float(), inputs["attention_mask"])
            if layer < 0
            else pooler.pool(states[layer].float(), pooling)
            for layer, pooling in self._keys
        ]
        widths = [tensor.shape[1] for tensor in found]
        joined = torch.cat(found, dim=1).float().cpu().numpy()
        edges = np.cumsum([0, *widths])
        return {
            key: joined[:, low:high]
            for key, low, high in zip(self._keys, edges[:-1], edges[1:], strict=True)
        }

    def _states(self, inputs: dict[str, Any]) -> dict[int, Any]:
        """Return hidden states by layer, the last one also as -1."""
        n_layers = self._network.n_layers
        if self._network.engine:
            given = {name: tensor.numpy() for name, tensor in inputs.items()}
            last = torch.from_numpy(self._network.engine.run(given))
            return {n_layers: last, -1: last}
        answer = self._network.model(**inputs, output_hidden_states=True, return_dict=True)
        last = answer.last_hidden_state
        return {**dict(enumerate(answer.hidden_states[:n_layers])), n_layers: last, -1: last}

    def _own(self, states: Any, mask: Any) -> Any:
        features = {"token_embeddings": states, "attention_mask": mask}
        if self._n_prompt:
            features["prompt_length"] = self._n_prompt
        for module in self._network.tail:
            features = module(features)
        return features["sentence_embedding"]

    def _nothing(self, n_texts: int, key: tuple[int, str]) -> NDArray[np.float32]:
        width = max(each.n_dims for each in self._settings if _key(each) == key)
        return np.zeros((n_texts, width), dtype=np.float32)

    def _prompt_tokens(self) -> int:
        """Return how many tokens of every text are the prompt's, to be left out of pooling."""
        if not self._settings[0].prompt:
            return 0
        tokenizer = self._network.tokenizer
        numbers = tokenizer([self._settings[0].prompt])["input_ids"][0]
        return len(numbers) - (bool(numbers) and numbers[-1] in tokenizer.all_special_ids)


def _key(settings: Settings) -> tuple[int, str]:
    """Return what a spec reads from the pass: layer -1 is the checkpoint's own pipeline."""
    return (-1 if settings.is_own else settings.layer, settings.pooling)


@contextlib.contextmanager
def _threads() -> Iterator[None]:
    """Use the threads that the environment grants: waiting threads spin on busy machines."""
    wanted = granted()
    before = torch.get_num_threads()
    if wanted != before:
        torch.set_num_threads(wanted)
    try:
        yield
    finally:
        if wanted != before:
            torch.set_num_threads(before)
