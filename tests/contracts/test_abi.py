"""What stands in the package is what the compiler says; what a revert says, a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from vyper import ast as vy_ast
from vyper.ast import parse_to_ast

from indexer.abi import load_abi
from scripts import abi


def test_the_packages_abis_are_fresh() -> None:
    assert abi.stale(abi.ABI_DIR) == [], "run `make abi`"


def test_nothing_stored_has_moved() -> None:
    committed = json.loads(abi.STORAGE.read_text())
    assert abi.moved(committed, abi.storage()) == [], "run `make abi`, and say why it may move"


def test_what_moved__is_named_with_both_places() -> None:
    before = {"Credits": {"words": "slot 1, 1 long, uint256", "gone": "slot 2, 1 long, bool"}}
    after = {"Credits": {"words": "slot 0, 1 long, uint256", "new": "slot 2, 1 long, bool"}}
    assert abi.moved(before, after) == [
        "Credits: gone: slot 2, 1 long, bool -> nowhere",
        "Credits: new: nowhere -> slot 2, 1 long, bool",
        "Credits: words: slot 1, 1 long, uint256 -> slot 0, 1 long, uint256",
    ]


def test_check__tells_what_is_stale_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check = ["--check", "--directory", str(tmp_path)]
    abi.write(tmp_path)
    assert abi.main(check) == 0
    (tmp_path / "Credits.json").write_text("[]")
    (tmp_path / "Hosting.json").unlink()
    assert abi.main(check) == 1
    assert "stale: Credits.json, Hosting.json" in capsys.readouterr().out
    assert (tmp_path / "Credits.json").read_text() == "[]"


def test_writing__mends_what_is_stale(tmp_path: Path) -> None:
    assert abi.main(["--directory", str(tmp_path)]) == 0
    assert {path.stem for path in tmp_path.iterdir()} == set(abi.CONTRACTS)
    assert json.loads((tmp_path / "Credits.json").read_text()) == load_abi("Credits")


def test_every_revert_reason_fits_a_word_and_names_its_module() -> None:
    reasons = [
        node.msg.value if node.msg is not None else f"line {node.lineno} has no reason"
        for source in sorted((abi.ROOT / "contracts").rglob("*.vy"))
        for node in parse_to_ast(source.read_text()).get_descendants(vy_ast.Assert)
    ]
    assert len(reasons) > 40
    modules = ("Credits: ", "Domains: ", "Hosting: ", "Roles: ", "TestUSD: ")
    assert [it for it in reasons if not it.startswith(modules) or len(it.encode()) > 32] == []


def test_every_external_function_says_what_it_does_takes_and_gives() -> None:
    silent = []
    for source in sorted((abi.ROOT / "contracts").rglob("*.vy")):
        for function in parse_to_ast(source.read_text()).get_children(vy_ast.FunctionDef):
            if "external" not in {getattr(it, "id", "") for it in function.decorator_list}:
                continue
            said = function.doc_string.value if function.doc_string else ""
            expected = ["@notice", *(f"@param {it.arg} " for it in function.args.args)]
            if function.returns is not None:
                expected.append("@return")
            silent += [f"{function.name}: {it}" for it in expected if it not in said]
    assert silent == []
