"""The store: one transaction, one truth, on both databases."""

from __future__ import annotations


def test_a_new_registry_is_empty(store):
    assert store.count("encoder") == 0
