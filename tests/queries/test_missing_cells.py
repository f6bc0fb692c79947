"""The missing cells are those that the probe step would do."""

from __future__ import annotations

import sqlalchemy as sa

from charz import pending
from charz.schema import TABLES
from charz.steps import query
from tests import small_registry


def test_the_query_finds_what_is_pending(store):
    small_registry.fill(store)
    result = TABLES["result"].c
    gone = (result.encoder_id == 2) & (result.n_train == 16) | (result.train_subset_id == 1)
    with store.write() as writer:
        writer.execute(TABLES["result"].delete().where(gone))
        writer.execute(
            sa.update(TABLES["encoder"]).values(is_fitted=True).where(TABLES["encoder"].c.id == 3)
        )
    waiting = store.rows(pending.cells())
    found = query.run(store, "missing_cells")
    assert len(waiting) > 10
    assert found["n_missing"].sum() == len(waiting)
    assert set(found["encoder"]) == set(small_registry.SPECS)
    planned = found.query("encoder == @small_registry.SPECS[0]")
    assert list(planned["n_planned"]) == [4, 4]
    checked = query.run(store, "checks/missing_cells")
    assert checked["n_missing"].sum() == len(waiting)
    some = query.run(store, "missing_cells", parameters={"dataset": "news"})
    assert set(some["dataset"]) == {"news"}
