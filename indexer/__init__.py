"""Mirrors the contracts' events into SQL: chain -> decode -> apply -> rows."""
