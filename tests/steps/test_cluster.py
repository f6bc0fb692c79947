"""Units sent to a real Dask cluster end as they do here."""

from __future__ import annotations

import pytest

from charz.errors import InputError
from charz.steps import _units, embed, ingest


@pytest.fixture
def address():
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_cluster_does_the_units(store, address, tmp_path):
    for name in ("one", "two"):
        rows = [f"{name} text {i},{'yes' if i % 2 else 'no'}" for i in range(20)]
        (tmp_path / f"{name}.csv").write_text("text,label\n" + "\n".join(rows))
        ingest.dataset(store, str(tmp_path / f"{name}.csv"), language="en")
    ingest.encoder(store, "random:hash?dims=8")
    with _units.cluster(address):
        assert embed.run(store).done == 4
    assert embed.run(store).done == 0
    assert store.count("embedding") == 4


def test_no_scheduler_is_one_clear_error():
    with pytest.raises(InputError, match="no Dask scheduler"), _units.cluster("tcp://127.0.0.1:9"):
        pass
