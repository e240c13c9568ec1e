"""What a kind of job is, and how it says that trying again is of no use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Payload = Mapping[str, Any]


class GiveUp(Exception):
    """Permanent: another try would end the same way. The text is shown to the owner."""


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of job. Both functions run in an application context, outside any transaction."""

    run: Callable[[Payload], None]  # may be run twice; raises GiveUp, or anything to be retried
    failed: Callable[[Payload, str], None]  # within a writing transaction, with the reason
