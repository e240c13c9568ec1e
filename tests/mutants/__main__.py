"""`make mutants`: do the contracts' tests notice? Each mutant in a copy of the tree, one by one.

    python -m tests.mutants --only contracts/modules/names.vy --sample 10 --seed 1

The fast tests that concern the file run first, the random moves only for who survives them. Every
verdict is written down at once (`.cache/mutants/results.jsonl`), under a name that holds the hash
of the file's text: started again, it goes on where it stopped, and a changed file starts anew.

    killed     a test failed, or none ended in time
    survived   every test passed
    same code  every test passed, and the compiler makes the same bytecode of it
    invalid    the compiler refuses it; not counted
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from tests.mutants.mutate import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".cache" / "mutants"
RESULTS = WORK / "results.jsonl"
COPIED = ("contracts", "docs", "indexer", "scripts", "tests")
TIMEOUT = 600  # seconds; a mutant that loops is noticed too
TESTS_FAILED, INTERRUPTED = 1, 2  # pytest's exit codes that say something of the mutant
VERDICTS = ("killed", "survived", "same code", "invalid")
HASHES = (
    "import hashlib; from scripts.abi import CONTRACTS, compile_contract as it; "
    "print(*(hashlib.sha256(it(name)['bytecode'].encode()).hexdigest() for name in CONTRACTS))"
)

# Tests that say nothing about a change: what is generated from the sources, the linter's word.
LEFT_OUT = ("test_abi.py", "test_contracts_doc.py", "test_domains_doc.py", "test_events_doc.py")
RANDOM_MOVES = ("test_ledger.py", "test_domain_machine.py")  # as long as all others together
DOMAINS = "tests/contracts/domains"
OF_DOMAINS = ("Domains", "content_hash", "dns", "labels", "name_word", "names", "pricing")
# The tests that know most of a file, so that most mutants die at once.
FIRST = {
    "account_word": ["test_account_word.py"],
    "content_hash": ["domains/test_domain_records.py"],
    "dns": ["domains/test_domain_dns.py"],
    "labels": ["domains/test_domain_labels.py"],
    "name_word": ["domains/test_domain_renew.py", "domains/test_domain_register.py"],
    "names": ["domains/test_domain_tokens.py"],
    "pricing": ["domains/test_domain_prices.py"],
    "records": ["domains/test_domain_records.py"],
    "roles": ["test_roles.py"],
    "TestFeed": ["test_buy_with_ether.py"],
    "TestUSD": ["test_test_usd.py"],
}


def tests_of(file: str, root: Path) -> tuple[list[str], list[str]]:
    """The fast tests that concern a file, those that know it best before the others; the slow."""
    stem = Path(file).stem
    folder = root / "tests" / "contracts"
    ours = stem in (*OF_DOMAINS, "records")
    found = sorted((root / DOMAINS if ours else folder).glob("test_*.py"))
    found = [path for path in found if path.name not in LEFT_OUT]
    first = [path for name in FIRST.get(stem, ()) if (path := folder / name).exists()]
    slow = [path for path in found if path.name in RANDOM_MOVES]
    fast = first + [path for path in found if path not in (*first, *slow)]
    names = [[str(path.relative_to(root)) for path in paths] for paths in (fast, slow)]
    return names[0], names[1]


class Tree:
    """A copy of what the tests need, in which one mutant at a time stands."""

    def __init__(self, number: int) -> None:
        self.root = WORK / f"tree-{number}"
        shutil.rmtree(self.root, ignore_errors=True)
        ignored = shutil.ignore_patterns("__pycache__")
        for name in COPIED:
            shutil.copytree(ROOT / name, self.root / name, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", self.root)

    def run(self, *command: str) -> tuple[int, str]:
        """A Python command in the tree: its exit code and what it printed; -1 when it hangs."""
        environment = {**os.environ, "PYTHONPATH": str(self.root)}
        try:
            done = subprocess.run(
                [sys.executable, *command],
                cwd=self.root,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return -1, "hangs"
        return done.returncode, done.stdout

    def test(self, tests: list[str]) -> tuple[str, str]:
        """The tests' verdict, and who killed."""
        options = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header")
        seed = "--hypothesis-seed=0"  # the same verdict every time
        code, output = self.run("-m", "pytest", *options, seed, "--tb=line", *tests)
        if code == 0:
            return "survived", ""
        if code not in (-1, TESTS_FAILED, INTERRUPTED):
            raise RuntimeError(f"the tests didn't run: {output[-2000:]}")
        if "vyper.exceptions." in output or "CompilerPanic" in output:
            return "invalid", ""
        lines = [it for it in output.splitlines() if it.startswith(("FAILED", "ERROR"))]
        return "killed", (lines[0] if lines else output[-200:]).split(" - ")[0]

    def hashes(self) -> str:
        """What the compiler makes of the sources as they stand in the tree."""
        code, output = self.run("-c", HASHES)
        return output if code == 0 else f"refused: {self.root}"

    def judge(self, mutant: Mutant, source: str) -> tuple[str, str]:
        """Puts the mutant in, tests it, takes it out."""
        path = self.root / mutant.file
        path.write_text(mutant.apply(source))
        try:
            for tests in tests_of(mutant.file, self.root):
                if tests:
                    verdict, killer = self.test(tests)
                    if verdict != "survived":
                        return verdict, killer
            mutated = self.hashes()  # slow, and needed for survivors only
        finally:
            path.write_text(source)
        return ("same code" if mutated == self.hashes() else "survived"), ""


def load_results() -> dict[str, dict[str, str]]:
    """The verdicts so far, by the mutant's id."""
    if not RESULTS.exists():
        return {}
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    return {it["id"]: it for it in lines}


def choose(options: argparse.Namespace) -> list[Mutant]:
    """The mutants that are asked for, in the order of the files."""
    files = [Path(it) for it in options.only] or sorted(
        path.relative_to(ROOT) for path in (ROOT / "contracts").rglob("*.vy")
    )
    every = [it for file in files for it in mutants_of(str(file), (ROOT / file).read_text())]
    if options.sample is None or options.sample >= len(every):
        return every
    chosen = set(random.Random(options.seed).sample(range(len(every)), options.sample))
    return [mutant for at, mutant in enumerate(every) if at in chosen]


def tests_by_file(mutants: list[Mutant], root: Path) -> list[tuple[list[str], list[str]]]:
    """The tests of each file that has a mutant."""
    return [tests_of(file, root) for file in sorted({it.file for it in mutants})]


def judge_all(mutants: list[Mutant], jobs: int) -> None:
    """Judges those that have no verdict yet, and writes each verdict down at once."""
    known = load_results()
    waiting = [it for it in mutants if it.id not in known]
    if not waiting:
        return
    trees: Queue[Tree] = Queue()
    for number in range(jobs):
        trees.put(Tree(number))

    # Tests that fail without a mutant would kill every one.
    first = trees.get()
    asked = {frozenset((*sets[0], *sets[1])): sets for sets in tests_by_file(waiting, first.root)}
    for fast, slow in asked.values():
        if first.test([*fast, *slow])[0] != "survived":
            raise SystemExit("the tests fail without a mutant")
    trees.put(first)

    def one(mutant: Mutant) -> tuple[Mutant, str, str]:
        tree = trees.get()
        try:
            return mutant, *tree.judge(mutant, (ROOT / mutant.file).read_text())
        finally:
            trees.put(tree)

    with ThreadPoolExecutor(jobs) as pool, RESULTS.open("a") as kept:
        for done, (mutant, verdict, killer) in enumerate(pool.map(one, waiting), start=1):
            kept.write(json.dumps({"id": mutant.id, "verdict": verdict, "killer": killer}) + "\n")
            kept.flush()
            place = f"{mutant.file}:{mutant.line}"
            change = f"{mutant.before[:40]} > {mutant.after or 'nothing'}"
            print(f"{done}/{len(waiting)} {verdict:9} {place} {change} {killer}", flush=True)


def show(mutants: list[Mutant]) -> int:
    """Prints the counts of each file and the survivors; gives how many survived."""
    known = load_results()
    counts: dict[str, Counter[str]] = {}
    survivors = []
    for mutant in mutants:
        verdict = known.get(mutant.id, {}).get("verdict", "not run")
        counts.setdefault(mutant.file, Counter())[verdict] += 1
        if verdict == "survived":
            survivors.append(mutant)
    print("\n| file | mutants | killed | survived | same code | invalid |")
    print("| --- | --- | --- | --- | --- | --- |")
    for file, count in counts.items():
        cells = [count.total(), *(count[verdict] for verdict in VERDICTS)]
        print(f"| `{file}` | " + " | ".join(map(str, cells)) + " |")
    for mutant in survivors:
        source = (ROOT / mutant.file).read_text()
        lines = (source.splitlines(), mutant.apply(source).splitlines())
        print(f"\nsurvived: {mutant.id}")
        print(*list(difflib.unified_diff(*lines, lineterm="", n=1))[2:], sep="\n")
    return len(survivors)


def main() -> int:
    """The command; exits with 1 when a mutant survived."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", action="append", default=[], help="a file, as often as needed")
    parser.add_argument("--sample", type=int, help="so many of them, chosen by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="copies of the tree at work")
    parser.add_argument("--list", action="store_true", help="only count what there would be")
    parser.add_argument("--again", action="store_true", help="forget the survivors' verdicts first")
    options = parser.parse_args()
    mutants = choose(options)
    WORK.mkdir(parents=True, exist_ok=True)
    if options.again:
        kept = [it for it in load_results().values() if it["verdict"] != "survived"]
        RESULTS.write_text("".join(json.dumps(it) + "\n" for it in kept))
    if not options.list:
        judge_all(mutants, options.jobs)
    return int(bool(show(mutants)))


if __name__ == "__main__":
    sys.exit(main())
