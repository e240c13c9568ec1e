"""Blocks ahead of a deployment: a client asks which are missing, and sends only those."""
