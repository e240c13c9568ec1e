"""Ends a command that can't start, with one line that says why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from indexer.manifest import DeploymentError


class CannotStart(Exception):
    """The message is one line for the operator."""


@contextmanager
def or_exit(command: str) -> Iterator[None]:
    """Turns what an operator has to mend into a line and exit status 1."""
    try:
        yield
    except (CannotStart, DeploymentError) as error:
        sys.stderr.write(f"dspace {command}: {error}\n")
        raise SystemExit(1) from None
