"""One platform for the journeys of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.platform import RunningPlatform


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    running = RunningPlatform(tmp_path_factory.mktemp("platform") / "data")
    running.start()
    yield running
    if not running.has_ended():
        running.stop()
