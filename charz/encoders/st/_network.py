"""Opening a checkpoint with sentence-transformers, without code or pickles of its own."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charz.encoders._quiet import quiet
from charz.encoders._threads import bound_tokenizers
from charz.encoders.st._backends import Engine, open_engine, require
from charz.encoders.st._folder import Folder
from charz.encoders.st._settings import dtype
from charz.errors import CharzError, InputError, MissingExtraError
from charz.records import EncoderSpec


@dataclass(frozen=True)
class Network:
    """A loaded checkpoint: its tokeniser, its transformer and the modules after it.

    ``model`` is the transformer in torch, or ``engine`` runs it elsewhere; ``tail`` leaves
    out a final normalisation. ``takes`` are the inputs that the transformer knows, ``state``
    says which weights and software run where.
    """

    tokenizer: Any
    model: Any
    engine: Engine | None
    tail: tuple[Any, ...]
    device: Any
    n_layers: int
    takes: frozenset[str]
    state: str


def open_network(
    spec: EncoderSpec, place: Path, held: Folder, backend: str, untrained_seed: int | None
) -> Network:
    """Load the checkpoint on the GPU, where there is one.

    Raises
    ------
    MissingExtraError
        When torch, sentence-transformers or the backend's library are not installed.
    InputError
        When the checkpoint does not load, or only by unpickling objects.
    """
    bound_tokenizers()
    with quiet():  # twice: what is imported here has progress bars to silence there
        _require(backend)
    if held.network(backend) and held.pools_plainly:
        return _lean(spec, held, backend)
    with quiet():
        whole = _load(spec, place, held, backend)
    import torch

    modules = list(whole)
    if held.normalizes:
        modules.pop()
    first, tail = modules[0], tuple(modules[1:])
    model = first.auto_model
    if untrained_seed is not None:
        model = _untrained(model, tail, untrained_seed)
    model = model.to(getattr(torch, dtype(spec))).eval().to(whole.device)
    for module in tail:
        module.float().eval().to(whole.device)
    engine = None if backend == "torch" else open_engine(backend, held, model)
    takes = frozenset(inspect.signature(model.forward).parameters)
    return Network(
        tokenizer=first.tokenizer,
        model=None if engine else model,
        engine=engine,
        tail=tail,
        device=whole.device,
        n_layers=held.n_layers,
        takes=engine.takes if engine else takes,
        state=_state(held, backend, engine, whole.device),
    )


def _lean(spec: EncoderSpec, held: Folder, backend: str) -> Network:
    """Open a network that brings its own file for the backend: no torch weights are read."""
    import torch
    from transformers import AutoTokenizer

    with quiet():
        try:
            tokenizer = AutoTokenizer.from_pretrained(
                str(held.transformer), local_files_only=True, trust_remote_code=False
            )
            engine = open_engine(backend, held, None)
        except CharzError:
            raise
        except Exception as error:
            raise _unloadable(spec, error) from error
    device = torch.device("cpu")
    return Network(
        tokenizer=tokenizer,
        model=None,
        engine=engine,
        tail=(),
        device=device,
        n_layers=held.n_layers,
        takes=engine.takes,
        state=_state(held, backend, engine, device),
    )


def _state(held: Folder, backend: str, engine: Engine | None, device: Any) -> str:
    import sentence_transformers
    import torch
    import transformers

    on_gpu = device.type == "cuda"
    kind = torch.cuda.get_device_name() if on_gpu else torch.backends.cpu.get_cpu_capability()
    software = [
        f"{library.__name__} {library.__version__}"
        for library in (sentence_transformers, torch, transformers)
    ]
    ran_by = [engine.name] if engine else []
    return ", ".join([held.fingerprint(backend), *software, *ran_by, f"{device.type} {kind}"])


def _require(backend: str) -> None:
    try:
        import torch  # noqa: F401
        import transformers.utils.logging  # noqa: F401
        from sentence_transformers import SentenceTransformer  # noqa: F401
    except ImportError as error:
        package = "torch" if error.name == "torch" else "sentence-transformers"
        raise MissingExtraError.of(package, "st", "to run st: encoders") from error
    if backend != "torch":
        require(backend)


def _load(spec: EncoderSpec, place: Path, held: Folder, backend: Any) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer

    for path in held.weights():
        if path.suffix == ".bin":
            _refuse_objects(path)
    try:
        return SentenceTransformer(
            str(place),
            device="cuda" if torch.cuda.is_available() and backend == "torch" else "cpu",
            trust_remote_code=False,
            local_files_only=True,
        )
    except Exception as error:
        raise _unloadable(spec, error) from error


def _unloadable(spec: EncoderSpec, error: Exception) -> InputError:
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    return InputError(f"'{spec}' does not load: {reason}", "fetch it again")


def _refuse_objects(path: Path) -> None:
    """Refuse a pickle that holds anything but tensors: unpickling it could run code."""
    import torch

    try:
        torch.load(path, map_location="meta", weights_only=True)
    except Exception as error:
        raise InputError(
            f"'{path}' is damaged or holds more than tensors", "convert it to safetensors"
        ) from error


def _untrained(model: Any, tail: tuple[Any, ...], seed: int) -> Any:
    """Return the same architecture with fresh weights; resets the tail's in place."""
    import torch

    with torch.random.fork_rng(), quiet():
        torch.manual_seed(seed)
        fresh = type(model)(model.config)
        for part in (part for module in tail for part in module.modules()):
            if hasattr(part, "reset_parameters"):
                part.reset_parameters()
    return fresh
