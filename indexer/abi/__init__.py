"""The contracts' ABIs, as the compiler wrote them; `make abi` writes them anew."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load_abi(contract: str) -> list[dict[str, Any]]:
    """The ABI of a contract by its name, e.g. `Credits`; FileNotFoundError where there is none."""
    return json.loads(files(__package__).joinpath(f"{contract}.json").read_text())  # type: ignore[no-any-return]
