"""ONNX Runtime and OpenVINO: other engines for a checkpoint's network, last layer only.

A checkpoint may bring its network in their formats, where sentence-transformers keeps them
(``onnx/model.onnx``, ``openvino/openvino_model.xml``); else it is converted from the torch
weights when it is loaded, in float32.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charz.encoders._quiet import quiet
from charz.encoders._threads import granted
from charz.encoders.st._folder import Folder
from charz.errors import InputError, MissingExtraError

Inputs = Mapping[str, NDArray[np.int64]]
_GIVEN = ("input_ids", "attention_mask", "token_type_ids")
_LIBRARIES = {"onnx": "onnxruntime", "openvino": "openvino"}
_TOLERANCE = 1e-3
_OUTPUTS = ("last_hidden_state", "token_embeddings")


@dataclass(frozen=True)
class Engine:
    """A network that runs outside torch.

    ``run`` maps inputs int64 (n, length) to the last layer's token vectors, float32
    (n, length, width); ``takes`` are the inputs it knows; ``name`` its library and version.
    """

    name: str
    takes: frozenset[str]
    run: Callable[[Inputs], NDArray[np.float32]]


def open_engine(backend: str, held: Folder, model: Any | None) -> Engine:
    """Return the engine of a checkpoint.

    Parameters
    ----------
    backend : {"onnx", "openvino"}
        The library.
    held : Folder
        The checkpoint.
    model : torch module or None
        What to convert where the checkpoint has no file for the backend.

    Raises
    ------
    MissingExtraError
        When the library is not installed.
    InputError
        When the network wants inputs or gives outputs that are not a text encoder's.
    """
    file = held.network(backend)
    opened = _onnx if backend == "onnx" else _openvino
    with quiet():
        engine = opened(file, model)
    if not file:
        _compare(held, engine, model)
    unknown = sorted(engine.takes - set(_GIVEN))
    if unknown:
        raise InputError(
            f"'{file or held.root}' wants the input '{unknown[0]}'", "use backend=torch"
        )
    return engine


def _compare(held: Folder, engine: Engine, model: Any) -> None:
    """Refuse a conversion that does not compute what torch does."""
    import torch

    module, examples = _traceable(model, n_texts=3, length=11)
    with torch.inference_mode():
        expected = module(*examples.values()).numpy()
    found = engine.run({name: tensor.numpy() for name, tensor in examples.items()})
    there = examples["attention_mask"].numpy() > 0  # what stands on padding is anybody's
    apart = np.abs(found - expected)[there].max() / np.abs(expected[there]).max()
    if not apart < _TOLERANCE:
        raise InputError(
            f"'{held.root}' gives other vectors once converted for {engine.name}",
            "use backend=torch",
        )


def require(backend: str) -> None:
    """Raise MissingExtraError when the library of a backend is not installed."""
    package = _LIBRARIES[backend]
    try:
        _library(package)
    except ImportError as error:
        raise MissingExtraError.of(package, backend, f"for backend={backend}") from error


def _library(package: str) -> Any:
    """Import an engine's library without its telemetry.

    Both send statistics of use and write into the home folder from the import on, unless told
    otherwise before: ONNX Runtime by a variable, OpenVINO by the absence of a package.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    if "openvino" not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return importlib.import_module(package)


def _onnx(file: Path | None, model: Any | None) -> Engine:
    onnxruntime = _library("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = granted()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
    with contextlib.nullcontext(file) if file else _exported(model) as path:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    kinds = {each.name: np.int32 if "int32" in each.type else np.int64
             for each in session.get_inputs()}  # fmt: skip
    output = _output(file, [each.name for each in session.get_outputs()])

    def run(inputs: Inputs) -> NDArray[np.float32]:
        given = {name: _input(inputs, name).astype(kind, copy=False)
                 for name, kind in kinds.items()}  # fmt: skip
        found: NDArray[np.float32] = session.run([output], given)[0]
        return found.astype(np.float32, copy=False)

    name = f"onnxruntime {onnxruntime.__version__} on {session.get_providers()[0]}"
    return Engine(name, frozenset(kinds), run)


def _openvino(file: Path | None, model: Any | None) -> Engine:
    openvino = _library("openvino")
    core = openvino.Core()
    network = core.read_model(str(file)) if file else _converted(model)
    settings = {
        "INFERENCE_NUM_THREADS": granted(),
        "INFERENCE_PRECISION_HINT": "f32",  # else what the processor is quickest with
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = core.compile_model(network, "CPU", settings)
    names = [_known(each.get_names()) for each in compiled.inputs]
    places = {name: place for place, name in enumerate(_output_names(compiled))}
    output = places[_output(file, list(places))]
    request = compiled.create_infer_request()

    def run(inputs: Inputs) -> NDArray[np.float32]:
        found = request.infer([_input(inputs, name) for name in names])
        return np.array(found[output], dtype=np.float32)

    return Engine(f"openvino {openvino.__version__}", frozenset(names), run)


def _known(names: set[str]) -> str:
    """Return the name of an input that we give, or any of its names."""
    return next((name for name in _GIVEN if name in names), min(names, default="?"))


def _output_names(compiled: Any) -> list[str]:
    return [next((name for name in _OUTPUTS if name in each.get_names()), str(place))
            for place, each in enumerate(compiled.outputs)]  # fmt: skip


def _output(file: Path | None, names: list[str]) -> str:
    """Return the output that holds the token vectors: the only one, or one of a known name."""
    known = [name for name in _OUTPUTS if name in names]
    if not known and len(names) > 1:
        raise InputError(f"'{file}' has no output '{_OUTPUTS[0]}'", "use backend=torch")
    return known[0] if known else names[0]


def _input(inputs: Inputs, name: str) -> NDArray[np.int64]:
    """Return an input; token types are zeros where the tokeniser has none."""
    return inputs[name] if name in inputs else np.zeros_like(inputs["input_ids"])


def _traceable(model: Any, n_texts: int = 2, length: int = 8) -> tuple[Any, dict[str, Any]]:
    """Return a module from inputs, by position, to token vectors, and examples of them."""
    import inspect

    import torch

    takes = inspect.signature(model.forward).parameters
    names = [name for name in _GIVEN if name in takes]

    class Last(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            given = dict(zip(names, inputs, strict=True))
            return self.model(**given, return_dict=True).last_hidden_state

    ids = torch.arange(1, 1 + n_texts * length).reshape(n_texts, length)
    mask = torch.ones_like(ids)
    mask[1, length // 2 :] = (
        0  # with nothing masked, transformers leaves masking out of the network
    )
    examples = {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.zeros_like(ids)}
    return Last().eval(), {name: examples[name] for name in names}


@contextlib.contextmanager
def _exported(model: Any) -> Iterator[Path]:
    """Write a torch network as an ONNX file for as long as it takes to open it."""
    import torch

    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise MissingExtraError.of("onnxscript", "onnx", "to convert a checkpoint") from error
    module, examples = _traceable(model)
    any_size = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with tempfile.TemporaryDirectory(prefix="charz-") as folder, torch.inference_mode(False):
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            module, tuple(examples.values()), str(path), dynamo=True, verbose=False,
            input_names=list(examples), output_names=[_OUTPUTS[0]],
            dynamic_shapes=(tuple(any_size for _ in examples),),
        )  # fmt: skip
        yield path


def _converted(model: Any) -> Any:
    openvino = _library("openvino")
    module, examples = _traceable(model)
    network = openvino.convert_model(module, example_input=tuple(examples.values()))
    for given, name in zip(network.inputs, examples, strict=True):
        given.get_tensor().set_names({name})
    return network
