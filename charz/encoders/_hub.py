"""From the name in a spec to a local folder: a path, or a snapshot of a hub's repository."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from charz.encoders import _options
from charz.errors import InputError, MissingExtraError, OfflineError, UnknownNameError
from charz.records import EncoderSpec

_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_LEFT_OUT = [
    "*.h5", "*.msgpack", "*.ot", "*.gguf", "*.pth", "*.py", "*.onnx_data", "*.mlmodel",
    "*.ckpt", "*.tflite", "*.npz", "*.pkl", "*.pickle",
]  # fmt: skip
_HUBS_OWN = re.compile(r"models--.+/snapshots/([0-9a-f]{40})$")


def folder(spec: EncoderSpec, usage: str, backend: str = "torch") -> Path:
    """Return the folder with the files of a spec, fetching a hub's repository when needed.

    Parameters
    ----------
    spec : EncoderSpec
        Its name is a folder, or an id ``ORG/MODEL`` with an optional revision.
    usage : str
        How to write such specs, for the remedy.
    backend : str
        ``onnx`` or ``openvino`` fetch those files too.

    Raises
    ------
    InputError
        When there is no such folder and the name is no id, or access is refused.
    UnknownNameError
        When the hub knows no such repository or revision.
    OfflineError
        When the hub cannot be reached and no snapshot is cached.
    """
    path = Path(spec.name).expanduser() if spec.name else Path("?")
    if path.is_dir():
        _options.refuse_revision(spec)
        return path
    if not _ID.fullmatch(spec.name):
        remedy = f"write {usage}" + (" (%40 for an @ in a path)" if spec.revision else "")
        raise InputError(f"'{spec}' names no folder", remedy)
    return _snapshot(spec, backend)


def commit(place: Path) -> str | None:
    """Return the commit of a hub's snapshot folder, or None for any other folder."""
    match = _HUBS_OWN.search(place.as_posix())
    return match[1] if match else None


def _snapshot(spec: EncoderSpec, backend: str) -> Path:
    try:
        import huggingface_hub as hub
        from huggingface_hub import errors
    except ImportError as error:
        raise MissingExtraError.of("huggingface_hub", "st", "to fetch models") from error
    cached = _cached(hub, spec)
    if cached and spec.revision and re.fullmatch(r"[0-9a-f]{40}", spec.revision):
        return cached
    try:
        return _fetch(hub, spec, backend)
    except errors.GatedRepoError as error:
        raise InputError(
            f"'{spec.name}' is gated", "accept its terms, then 'hf auth login'"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise UnknownNameError(
            f"'{spec.name}' has no revision '{spec.revision}'", "check the tag, branch or commit"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise UnknownNameError(
            f"the hub knows no model '{spec.name}' and there is no such folder",
            "check its spelling, or 'hf auth login' when it is private",
        ) from error
    except _unreachable(errors) as error:
        if cached:
            return cached
        raise OfflineError(
            f"the model hub could not be reached for '{spec.name}' ({type(error).__name__})",
            "connect, fetch it with 'hf download' first, or name a local folder",
        ) from error


def _unreachable(errors: Any) -> tuple[type[Exception], ...]:
    """Return the errors of a hub that does not answer, also those of its HTTP library."""
    known = (errors.HfHubHTTPError, OSError, ValueError)
    try:
        import httpx
    except ImportError:  # older clients use requests, whose errors are OSErrors
        return known
    return (*known, httpx.HTTPError)


def _cached(hub: Any, spec: EncoderSpec) -> Path | None:
    try:
        return Path(hub.snapshot_download(spec.name, revision=spec.revision, local_files_only=True))
    except (OSError, ValueError):
        return None


def _fetch(hub: Any, spec: EncoderSpec, backend: str) -> Path:
    from charz.encoders._quiet import quiet

    api = hub.HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    names = api.list_repo_files(spec.name, revision=spec.revision)
    left_out = [*_LEFT_OUT]
    left_out += [] if backend == "onnx" else ["*.onnx"]
    left_out += [] if backend == "openvino" else ["openvino/*"]
    if any(name.endswith(".safetensors") and "/" not in name for name in names):
        left_out.append("pytorch_model*.bin")
    with quiet():
        return Path(
            api.snapshot_download(spec.name, revision=spec.revision, ignore_patterns=left_out)
        )
