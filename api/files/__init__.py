"""Folders: an account's tree as immutable UnixFS DAGs with a mutable head."""
