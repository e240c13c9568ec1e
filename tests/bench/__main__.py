"""`make bench`: every measurement, printed as tables; with `--json FILE` the figures are kept."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

MEASUREMENTS = (
    "deploy",
    "gas_table",
    "gateway",
    "indexer",
)  # the other files are what these are made of


def main() -> None:
    """Runs each measurement in a process of its own, one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep the figures")
    parser.add_argument("only", nargs="*", help="the measurements to run; all of them by default")
    arguments = parser.parse_args()
    figures: dict[str, object] = {
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    for measurement in arguments.only or MEASUREMENTS:
        print(f"\n== {measurement}", flush=True)
        with tempfile.NamedTemporaryFile(suffix=".json") as kept:
            module = f"tests.bench.{measurement}"
            subprocess.run([sys.executable, "-m", module, "--json", kept.name], check=True)
            figures[measurement] = json.loads(Path(kept.name).read_text())
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
