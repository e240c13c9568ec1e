"""`make bench`: every measurement, printed as tables; with `--json FILE` the figures are kept."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Runs each measurement in a process of its own, one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep the figures")
    parser.add_argument("only", nargs="*", help="the measurements to run; all of them by default")
    arguments = parser.parse_args()
    measurements = sorted(path for path in HERE.glob("*.py") if path.stem != "__main__")
    figures: dict[str, object] = {
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    for measurement in measurements:
        if arguments.only and measurement.stem not in arguments.only:
            continue
        print(f"\n== {measurement.stem}", flush=True)
        with tempfile.NamedTemporaryFile(suffix=".json") as kept:
            subprocess.run([sys.executable, measurement, "--json", kept.name], check=True)
            figures[measurement.stem] = json.loads(Path(kept.name).read_text())
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
