"""Folders: an account's tree of files, every state of which is an immutable directory."""
