"""Where things lie: the data home, the default registry, migrations and queries.

``migrations/`` and ``queries/`` stand beside the package in a checkout and inside it in a
wheel; both are found from any working folder.
"""

from __future__ import annotations

import os
from pathlib import Path

from charz.errors import RegistryError

PACKAGE = Path(__file__).resolve().parent


def home() -> Path:
    """Return the folder for registries, artifacts and downloads (``CHARZ_HOME``)."""
    chosen = os.environ.get("CHARZ_HOME")
    if chosen:
        return Path(chosen).expanduser().resolve()
    import platformdirs

    return Path(platformdirs.user_data_dir("charz"))


def registry_url(url: str | None = None) -> str:
    """Return the registry's SQLAlchemy URL: ``url``, ``CHARZ_REGISTRY`` or a file in `home`.

    A plain path means a SQLite file.

    >>> registry_url("lab/charz.db")
    'sqlite:///lab/charz.db'
    >>> registry_url("postgresql://localhost/charz")
    'postgresql+psycopg://localhost/charz'
    """
    chosen = url or os.environ.get("CHARZ_REGISTRY") or str(home() / "charz.db")
    if "://" not in chosen:
        return f"sqlite:///{chosen}"
    scheme, rest = chosen.split("://", 1)
    if scheme in ("postgres", "postgresql"):
        scheme = "postgresql+psycopg"
    return f"{scheme}://{rest}"


def artifact_root(url: str) -> str:
    """Return where a registry's artifacts lie, as an fsspec URL or local path.

    ``CHARZ_ARTIFACTS`` wins; else a folder beside the SQLite file, or in `home`.

    >>> artifact_root("sqlite:////data/charz.db")
    '/data/charz.artifacts'
    """
    chosen = os.environ.get("CHARZ_ARTIFACTS")
    if chosen:
        return chosen
    if url.startswith("sqlite:///"):
        return str(Path(url.removeprefix("sqlite:///")).absolute().with_suffix(".artifacts"))
    return str(home() / "artifacts")


def _shipped(name: str) -> Path:
    for base in (PACKAGE, PACKAGE.parent):
        if (base / name).is_dir():
            return base / name
    raise RegistryError(f"charz is installed without its '{name}' folder", "reinstall charz")


def migrations() -> Path:
    """Return the folder of Alembic migrations."""
    return _shipped("migrations")


def queries() -> Path:
    """Return the folder of DuckDB query files."""
    return _shipped("queries")
