"""The training loop of `fine_tune`: a network, its head, and AdamW. Imports torch."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from charz.encoders._quiet import quiet
from charz.encoders._threads import granted
from charz.encoders.st import settled
from charz.encoders.st._batches import Tokens
from charz.encoders.st._pooling import Pooler
from charz.errors import InputError

if TYPE_CHECKING:
    from charz.probes.fine_tune import Recipe
    from charz.records import EncoderSpec, Examples, Floats, Ints

DROPOUT = 0.1
CLIP = 1.0
"""The most that the gradient's norm may be."""
ASKED = 128
"""Rows per batch when no gradient is needed."""


class Classifier(torch.nn.Module):
    """A transformer, pooling over its tokens, dropout and a linear layer."""

    def __init__(self, model: Any, pooling: str, width: int, n_classes: int) -> None:
        super().__init__()
        self.model, self.pooling = model, pooling
        self.dropout = torch.nn.Dropout(DROPOUT)
        self.head = torch.nn.Linear(width, n_classes)

    def forward(self, inputs: dict[str, Any]) -> Any:
        """Return logits (n, n_classes)."""
        states = self.model(**inputs, return_dict=True).last_hidden_state
        pooled = Pooler(inputs["attention_mask"]).pool(states, self.pooling)
        return self.head(self.dropout(pooled))


class Trainer:
    """Fine-tunes one checkpoint again and again, each time from its own weights."""

    def __init__(self, spec: EncoderSpec, recipe: Recipe) -> None:
        self.recipe = recipe
        network, settings = settled(spec)
        if network.model is None:
            raise InputError(f"'{spec}' is not run by torch", "leave out its backend")
        self._network = network
        self._pooling = settings.pooling if not settings.is_own else "mean"
        most = settings.max_tokens or recipe.max_tokens
        self._max_tokens = min(most, recipe.max_tokens)
        self._layer, self._prompt = settings.layer, settings.prompt

    def run(
        self, train: Examples, y: Ints, evals: list[Examples], n_classes: int, place: int = 0
    ) -> list[Floats]:
        """Train on ``train`` with one setting; return probabilities (n_eval, n_classes) of each."""
        rate, reset = self.recipe.grid[place]
        with _threads(self.recipe.threads or granted()), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.recipe.seed)
            classifier = self._fresh(reset, n_classes)
            self._train(classifier, self._tokens(train), y, rate)
            return [self._answer(classifier, self._tokens(part)) for part in evals]

    def _fresh(self, reset: int, n_classes: int) -> Classifier:
        model = copy.deepcopy(self._network.model).float()
        cut(model, self._network.n_layers, self._layer)
        redraw(model, self._layer, reset)
        classifier = Classifier(model, self._pooling, _width(model), n_classes)
        torch.nn.init.normal_(classifier.head.weight, std=0.02)
        torch.nn.init.zeros_(classifier.head.bias)
        return classifier.to(self._network.device)

    def _train(self, classifier: Classifier, tokens: Tokens, y: Ints, rate: float) -> None:
        from charz.probes.fine_tune import updates

        n_updates = updates(len(y), self.recipe)
        optimizer = torch.optim.AdamW(groups(classifier, self.recipe.decay), lr=rate, fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: slope(step, n_updates, self.recipe.warm_up)
        )
        labels = torch.as_tensor(y, device=self._network.device)
        classifier.train()
        rows_of = batches(len(y), self.recipe.batch, n_updates, self.recipe.seed)
        for rows in rows_of:
            loss = torch.nn.functional.cross_entropy(
                classifier(self._inputs(tokens, rows)), labels[torch.as_tensor(rows)]
            )
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(classifier.parameters(), CLIP)
            optimizer.step()
            schedule.step()

    def _answer(self, classifier: Classifier, tokens: Tokens) -> Floats:
        classifier.eval()
        P = np.empty((len(tokens.lengths), classifier.head.out_features))
        order = np.argsort(tokens.lengths, kind="stable")
        with torch.inference_mode():
            for start in range(0, len(order), ASKED):
                rows = order[start : start + ASKED]
                logits = classifier(self._inputs(tokens, rows)).double()
                P[rows] = torch.softmax(logits, dim=1).cpu().numpy()
        return P

    def _inputs(self, tokens: Tokens, rows: Ints) -> dict[str, Any]:
        device = self._network.device
        return {name: torch.from_numpy(array).to(device)
                for name, array in tokens.padded(rows.astype(np.int64)).items()}  # fmt: skip

    def _tokens(self, examples: Examples) -> Tokens:
        tokenizer, takes = self._network.tokenizer, self._network.takes
        names = ["input_ids", "token_type_ids"] if "token_type_ids" in takes else ["input_ids"]
        texts = [self._prompt + text for text in examples.texts]
        pairs = None if examples.pairs is None else list(examples.pairs)
        with quiet():
            found = tokenizer(
                texts, pairs, truncation=True, max_length=self._max_tokens, padding=False
            )
        rows = {name: found[name] for name in names if name in found}
        lengths = np.array([len(row) for row in rows["input_ids"]], dtype=np.int64)
        columns = {name: np.array(list(chain.from_iterable(part)), dtype=np.int64)
                   for name, part in rows.items()}  # fmt: skip
        padding = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": 0}
        return Tokens(columns, padding, lengths, np.cumsum(lengths) - lengths)


def groups(classifier: Classifier, decay: float) -> list[dict[str, Any]]:
    """Return the parameters for AdamW: biases and normalisations do not decay."""
    every = list(classifier.named_parameters())
    plain = [value for _, value in every if value.ndim < 2]
    decayed = [value for _, value in every if value.ndim >= 2]
    return [{"params": decayed, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}]


def slope(step: int, n_updates: int, warm_up: float) -> float:
    """Return the share of the highest rate at an update: up in a line, then down to zero.

    >>> [slope(step, 10, 0.2) for step in (0, 1, 2, 6, 10)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    rising = max(1, round(warm_up * n_updates))
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (n_updates - step) / max(1, n_updates - rising))


def batches(n_rows: int, size: int, n_updates: int, seed: int) -> Iterator[Ints]:
    """Yield the rows of each update: shuffled passes, cut as they come.

    >>> [len(rows) for rows in batches(5, 4, 3, seed=0)]
    [4, 4, 4]
    """
    rng = np.random.default_rng(seed)
    size = min(size, n_rows)
    waiting = np.empty(0, dtype=np.int64)
    for _ in range(n_updates):
        if len(waiting) < size:
            waiting = np.concatenate([waiting, rng.permutation(n_rows)])
        yield waiting[:size]
        waiting = waiting[size:]


def cut(model: Any, n_layers: int, layer: int) -> None:
    """Drop the layers of a transformer above ``layer``, as its encoder does not read them.

    Raises
    ------
    InputError
        When none would be left, or the layers cannot be told.
    """
    if layer == n_layers:
        return
    stack = _stack(model, n_layers)
    if stack is None or layer < 1:
        raise InputError(
            f"a network cannot be cut to {layer} of {n_layers} layers", "name another layer"
        )
    del stack[layer:]


def redraw(model: Any, n_layers: int, n_top: int) -> None:
    """Draw the topmost layers of a transformer anew, as its architecture begins.

    Raises
    ------
    InputError
        When there are not as many, or the layers cannot be told.
    """
    if not n_top:
        return
    stack = _stack(model, n_layers)
    if stack is None or not 0 <= n_top <= n_layers:
        raise InputError(f"{n_top} of {n_layers} layers cannot be drawn anew", "reset fewer layers")
    for layer in list(stack)[n_layers - n_top :]:
        for part in layer.modules():
            _redraw(part, float(getattr(model.config, "initializer_range", 0.02)))


def _stack(model: Any, n_layers: int) -> Any:
    """Return the list of a transformer's layers, None where there is none of that length."""
    stacks = (part for part in model.modules()
              if isinstance(part, torch.nn.ModuleList) and len(part) == n_layers)  # fmt: skip
    return next(stacks, None)


def _redraw(part: Any, spread: float) -> None:
    if isinstance(part, torch.nn.Linear):
        torch.nn.init.normal_(part.weight, std=spread)
        if part.bias is not None:
            torch.nn.init.zeros_(part.bias)
    elif hasattr(part, "reset_parameters"):
        part.reset_parameters()


def _width(model: Any) -> int:
    config = model.config
    names = ("hidden_size", "d_model", "dim", "n_embd")
    return int(next(getattr(config, name) for name in names if hasattr(config, name)))


@contextlib.contextmanager
def _threads(wanted: int) -> Iterator[None]:
    """Hold torch to so many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)
