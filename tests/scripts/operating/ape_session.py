"""Runs operator's commands in one process, since Ape takes seconds to start.

Reads a JSON list of argument lists; writes a JSON list of [exit code, output].
"""

from __future__ import annotations

import importlib
import json
import sys

from click.testing import CliRunner


def main() -> None:
    """The first argument is the node's URL."""
    more = ["--network", sys.argv[1], "--account", "operator"]
    ended = []
    for name, *arguments in json.load(sys.stdin):
        command = importlib.import_module(f"scripts.{name}").cli
        result = CliRunner().invoke(command, [*arguments, *more])
        ended.append([result.exit_code, result.output + (str(result.exception or ""))])
    sys.stdout.write("\n" + json.dumps(ended) + "\n")


if __name__ == "__main__":
    main()
