"""From the name in a spec to a local folder: a path, or a snapshot of a hub's repository."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from charz.encoders import _options
from charz.errors import InputError, MissingExtraError, OfflineError, UnknownNameError
from charz.records import EncoderSpec

_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_LEFT_OUT = [
    "*.h5", "*.msgpack", "*.ot", "*.gguf", "*.pth", "*.py", "*.mlmodel",
    "*.ckpt", "*.tflite", "*.npz", "*.pkl", "*.pickle",
]  # fmt: skip
_PATIENCE = 20.0
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
    return _snapshot(spec.name, spec.revision, backend)


def commit(place: Path) -> str | None:
    """Return the commit of a hub's snapshot folder, or None for any other folder."""
    match = _HUBS_OWN.search(place.as_posix())
    return match[1] if match else None


@lru_cache(maxsize=256)
def _snapshot(name: str, revision: str | None, backend: str) -> Path:
    """Return a repository's folder, asked of the hub once per process."""
    try:
        import huggingface_hub as hub
        from huggingface_hub import errors
    except ImportError as error:
        raise MissingExtraError.of("huggingface_hub", "st", "to fetch models") from error
    cached = _cached(hub, name, revision)
    is_pinned = revision and re.fullmatch(r"[0-9a-f]{40}", revision)
    if cached and is_pinned and (backend == "torch" or (cached / backend).is_dir()):
        return cached
    try:
        return _fetch(hub, name, revision, backend)
    except errors.GatedRepoError as error:
        raise InputError(f"'{name}' is gated", "accept its terms, then 'hf auth login'") from error
    except errors.RevisionNotFoundError as error:
        raise UnknownNameError(
            f"'{name}' has no revision '{revision}'", "check the tag, branch or commit"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise UnknownNameError(
            f"the hub knows no model '{name}' and there is no such folder",
            "check its spelling, or 'hf auth login' when it is private",
        ) from error
    except Exception as error:  # the HTTP library, and so its errors, changed with versions
        if cached:
            return cached
        raise OfflineError(
            f"the model hub could not be reached for '{name}' ({type(error).__name__})",
            "connect, fetch it with 'hf download' first, or name a local folder",
        ) from error


def _cached(hub: Any, name: str, revision: str | None) -> Path | None:
    try:
        return Path(hub.snapshot_download(name, revision=revision, local_files_only=True))
    except (OSError, ValueError, hub.errors.HfHubHTTPError):
        return None


def _others(names: list[str], backend: str) -> list[str]:
    """Return the files of networks for other engines, and the backend's own variants."""
    files = [name for name in names if re.search(r"\.onnx(_data)?$|(^|/)openvino_", name)]
    wanted = {"onnx": r"(^|/)model\.onnx(_data)?$", "openvino": r"(^|/)openvino_model\.\w+$"}
    return [name for name in files if not re.search(wanted.get(backend, r"$^"), name)]


def _fetch(hub: Any, name: str, revision: str | None, backend: str) -> Path:
    from charz.encoders._quiet import quiet

    api = hub.HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    info = api.model_info(name, revision=revision, timeout=_PATIENCE)
    names = [sibling.rfilename for sibling in info.siblings or ()]
    left_out = [*_LEFT_OUT, *_others(names, backend)]
    if any(each.endswith(".safetensors") and "/" not in each for each in names):
        left_out.append("pytorch_model*.bin")
    with quiet():
        return Path(api.snapshot_download(name, revision=info.sha, ignore_patterns=left_out))
