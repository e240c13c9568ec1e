"""Gas of every function beside the anchors: prints it, and keeps it where a test compares.

`make gas` writes `gas.json`, the committed figures, and `docs/gas.md`, the page that is made of
nothing else. Anchors that aren't installed keep the figures that are committed.
"""

from __future__ import annotations

import argparse
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import gas, gas_domains
from tests.bench.anchors import flow, solidity, tokens, unlock
from tests.bench.chain import Uses
from tests.bench.targets import BESIDE, ELSEWHERE, LEFT_OUT, TARGETS

ROOT = Path(__file__).parents[2]
SNAPSHOT = Path(__file__).with_name("gas.json")
PAGE = ROOT / "docs" / "gas.md"
RENEW = "`make gas` renews the figures"
TEMPLATE = """# Gas

Written by `make gas` from `tests/bench/gas.json`; a test measures again and compares to the unit.

Whole transactions, calldata and the 21,000 included, on py-evm ({evm}) through eth-tester, an hour
between two. First use: of an account that never did it. Steady use: what one pays who does it every
day. Beside each function stands the steady use of its nearest relative elsewhere; none does the
same thing.

| function | first | steady | target | beside it |
| --- | --- | --- | --- | --- |
{ours}

## Anchors

On the same chain: {packages}.
The token libraries are compiled for {evm} with the optimizer at {runs} runs, under an open mint;
Sablier Flow and Unlock are the builds that their authors released, Flow under a comptroller that
asks no fee. `make anchors` installs them, by hash and without their scripts.

| anchor | first | steady |
| --- | --- | --- |
{others}

Left out:

{left_out}
"""

Figures = dict[str, dict[str, int]]  # by function: gas of its `first` and of its `steady` use


def figures_of(uses: Uses) -> Figures:
    """The first and the last use of each function, by name."""
    return {name: {"first": uses[name][0], "steady": uses[name][-1]} for name in sorted(uses)}


def measure_ours() -> Figures:
    """Every function of Credits, Hosting and Domains, and what deploying them takes."""
    uses = gas.measure()
    for name, spent in gas_domains.measure().items():
        ours = name if name.endswith(" deployed") else f"Domains.{name}"
        uses.setdefault(ours, spent)
    return figures_of(uses)


def measure_anchors() -> Figures:
    """The others' functions, without their deployments; only where they are installed."""
    uses = {
        name: spent
        for module in (tokens, flow, unlock)
        for name, spent in module.measure().items()
        if not name.endswith(" deployed")
    }
    return figures_of(uses)


def differences(committed: Figures, measured: Figures) -> list[str]:
    """What isn't as committed, a line each that names the function and both figures."""
    lines = []
    for name in sorted(committed.keys() | measured.keys()):
        before, after = committed.get(name), measured.get(name)
        if before is None or after is None:
            lines.append(f"{name}: {'not committed' if before is None else 'not measured'}")
            continue
        lines += [
            f"{name}, {use} use: {before[use]:,} committed, {after[use]:,} measured"
            for use in ("first", "steady")
            if before[use] != after[use]
        ]
    return lines


def missed_targets(ours: Figures) -> list[str]:
    """The targets that a steady use exceeds, or that name no function."""
    return [
        f"{name}: {ours[name]['steady']:,} is above {most:,}" if name in ours else f"{name}: gone"
        for name, most in TARGETS.items()
        if name not in ours or ours[name]["steady"] > most
    ]


def load() -> dict[str, Any]:
    """What is committed: `ours`, `anchors`."""
    committed: dict[str, Any] = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
    return committed


def rows_of(ours: Figures, anchors: Figures) -> list[tuple[str, str, str, str, str]]:
    """The table of ours: function, first, steady, target, nearest anchor with its steady use."""
    rows = []
    for name, spent in ours.items():
        target, beside = TARGETS.get(name), BESIDE.get(name, "")
        known = ELSEWHERE.get(beside) or anchors.get(beside, {}).get("steady")
        rows.append(
            (
                name,
                f"{spent['first']:,}",
                f"{spent['steady']:,}",
                f"{target:,}" if target else "–",
                f"{beside}: {known:,}" if known else "–",
            )
        )
    return rows


def render(committed: dict[str, Any]) -> str:
    """The page, of the committed figures alone."""
    ours, anchors = committed["ours"], committed["anchors"]
    packages = ", ".join(f"{name} {at}" for name, at in solidity.versions().items())
    others = [f"| {it} | {at['first']:,} | {at['steady']:,} |" for it, at in anchors.items()]
    others += [f"| {it}, on anvil | – | {at:,} |" for it, at in ELSEWHERE.items()]
    return TEMPLATE.format(
        ours="\n".join("| {} | {} | {} | {} | {} |".format(*row) for row in rows_of(ours, anchors)),
        packages=packages,
        evm=solidity.EVM,
        runs=solidity.RUNS,
        others="\n".join(others),
        left_out="\n".join(f"- {name}: {why}." for name, why in LEFT_OUT.items()),
    )


def write(ours: Figures, anchors: Figures) -> None:
    """Writes the figures and the page anew."""
    committed = {"ours": ours, "anchors": anchors}
    SNAPSHOT.write_text(json.dumps(committed, indent=2) + "\n")
    PAGE.write_text(render(committed))


def show(ours: Figures, anchors: Figures) -> None:
    """Prints both tables."""
    table = Table("function", "first", "steady", "target", "beside it", title="ours")
    for row in rows_of(ours, anchors):
        missed = row[0] in TARGETS and ours[row[0]]["steady"] > TARGETS[row[0]]
        table.add_row(*row, style="bold red" if missed else None)
    others = Table("anchor", "first", "steady", title="anchors")
    for name, spent in anchors.items():
        others.add_row(name, f"{spent['first']:,}", f"{spent['steady']:,}")
    for shown in (table, others):
        for column in shown.columns[1:4]:
            column.justify = "right"
        Console().print(shown)
    for name, why in LEFT_OUT.items():
        print(f"left out: {name}: {why}")


def main() -> None:
    """Measures, prints, and keeps the figures where a path is given or `--snapshot`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep the figures")
    parser.add_argument("--snapshot", action="store_true", help="write gas.json and docs/gas.md")
    arguments = parser.parse_args()
    ours = measure_ours()
    if solidity.installed():
        anchors = measure_anchors()
    else:
        anchors = load().get("anchors", {})
        print("anchors: not installed (`make anchors`); the committed figures stand")
    show(ours, anchors)
    if arguments.snapshot:
        write(ours, anchors)
    if arguments.json:
        figures = {
            "vyper": version("vyper"),
            "py-evm": version("py-evm"),
            "ours": ours,
            "anchors": anchors,
            "targets": TARGETS,
        }
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
