"""docs/settings.md names every setting, and nothing that is none."""

from __future__ import annotations

import re
from pathlib import Path

from api.gateway.settings import GatewaySettings
from api.settings import ApiSettings
from indexer.logs import LogSettings
from indexer.settings import IndexerSettings
from scripts.client.settings import ClientSettings
from scripts.deployment.__main__ import DeploySettings
from scripts.supervisor.settings import UpSettings

ROOT = Path(__file__).parents[2]
CLASSES = (
    ApiSettings,
    ClientSettings,
    DeploySettings,
    GatewaySettings,
    IndexerSettings,
    LogSettings,
    UpSettings,
)


def test_the_page_and_the_settings_agree() -> None:
    documented = re.findall(
        r"^\| `([A-Z_]+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE
    )
    known = {name.upper() for settings in CLASSES for name in settings.model_fields}
    assert len(documented) == len(set(documented))
    assert set(documented) == known
