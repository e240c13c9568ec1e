"""The page on the embedded chain names its methods, all of them and no others."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.devnet.methods import METHODS

PAGE = Path(__file__).parents[2] / "docs" / "devnet.md"


def test_the_page_names_every_method() -> None:
    table = PAGE.read_text().partition("## Methods")[2].partition("\n\nBlocks")[0]
    named = re.findall(r"`((?:web3|net|eth|personal|evm|anvil|hardhat)_\w+)`", table)
    assert sorted(named) == sorted(METHODS)
