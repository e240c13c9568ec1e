"""Deployments: an archive or a CID becomes a directory that a site points at."""
