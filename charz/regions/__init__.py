"""Regions of a domain: where labelled rows lie, where none do, and what that costs."""
