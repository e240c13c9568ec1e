"""What the compiler had wrong up to 0.4.3 (`docs/security.md` has the list) isn't in our sources.

The sources are walked as the compiler parses them; what needs types is bounded from above: a call
counts as changing state unless a function of that name is marked view or pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from vyper import ast as vy_ast
from vyper.ast import parse_to_ast
from vyper.compiler.settings import Settings

from indexer.abi import load_abi
from scripts import abi

ROOT = abi.ROOT
SOURCES = sorted((ROOT / "contracts").rglob("*.vy"))
READING = {"view", "pure"}
PARSED = {path: parse_to_ast(path.read_text()) for path in SOURCES}


def decorators(function: vy_ast.FunctionDef) -> set[str]:
    return {getattr(it, "id", "") for it in function.decorator_list}


def changing_functions() -> set[str]:
    """The names of our functions that may change state, and the one of arrays."""
    functions = [it for tree in PARSED.values() for it in tree.get_descendants(vy_ast.FunctionDef)]
    return {it.name for it in functions if not decorators(it) & READING} | {"pop", "append"}


CHANGING = changing_functions()


def changes(node: vy_ast.VyperNode) -> bool:
    """Whether evaluating an expression may change state."""
    if isinstance(node, vy_ast.ExtCall) or node.get_descendants(vy_ast.ExtCall):
        return True
    calls = [*node.get_descendants(vy_ast.Call), *([node] if isinstance(node, vy_ast.Call) else [])]
    raw = {"raw_call", "raw_create", "create_copy_of", "create_from_blueprint", "send"}
    return any(
        (isinstance(it.func, vy_ast.Attribute) and it.func.attr in CHANGING)
        or getattr(it.func, "id", "") in raw
        for it in calls
    )


def reads(node: vy_ast.VyperNode) -> bool:
    """Whether the value of an expression may depend on state: more than locals and constants."""
    inside = [node, *node.get_descendants()]
    return any(
        isinstance(it, vy_ast.Call | vy_ast.ExtCall | vy_ast.StaticCall)
        or (isinstance(it, vy_ast.Attribute) and getattr(it.value, "id", "") == "self")
        for it in inside
    )


def found(kind: type[vy_ast.VyperNode]) -> Iterator[tuple[str, vy_ast.VyperNode]]:
    """Every node of a kind, with the place it stands at."""
    for path, tree in PARSED.items():
        for node in tree.get_descendants(kind):
            yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_the_walk_sees_what_it_should() -> None:
    assert len(SOURCES) > 15
    assert {"refund", "settle", "register"} <= CHANGING
    changing, reading, local = (
        it.value
        for it in parse_to_ast(
            "def f():\n    a = self.refund(1)\n    a = min(self.y, 1)\n    a = b + 1\n"
        ).get_descendants(vy_ast.Assign)
    )
    assert [changes(it) for it in (changing, reading, local)] == [True, False, False]
    assert [reads(it) for it in (changing, reading, local)] == [True, True, False]


def test_no_loop_changes_state_in_its_head() -> None:
    assert [place for place, loop in found(vy_ast.For) if changes(loop.iter)] == []


def test_no_event_is_made_of_expressions_that_change_state() -> None:
    assert [place for place, event in found(vy_ast.Log) if changes(event.value)] == []


def test_no_argument_changes_state_beside_one_that_reads_it() -> None:
    wrong = []
    for place, call in found(vy_ast.Call):
        parts = [*call.args, *(it.value for it in call.keywords)]
        for at, part in enumerate(parts):
            others = parts[:at] + parts[at + 1 :]
            if changes(part) and any(reads(other) for other in others):
                wrong.append(place)
    assert wrong == []


def test_no_operator_takes_two_sides_of_which_one_changes_state() -> None:
    both = [*found(vy_ast.BinOp), *found(vy_ast.Compare)]
    assert [place for place, node in both if changes(node.left) or changes(node.right)] == []


def holds_tuple(annotation: vy_ast.VyperNode) -> bool:
    """Whether a type has a tuple in it; the two of `HashMap[key, value]` are none."""
    if isinstance(annotation, vy_ast.Subscript):
        inner = annotation.slice
        parts = inner.elements if isinstance(inner, vy_ast.Tuple) else [inner]
        return any(holds_tuple(part) for part in parts)
    if isinstance(annotation, vy_ast.Call):  # public(…), immutable(…)
        return any(holds_tuple(part) for part in annotation.args)
    return isinstance(annotation, vy_ast.Tuple)


def test_nothing_stored_or_local_is_a_tuple() -> None:
    declared = [*found(vy_ast.VariableDecl), *found(vy_ast.AnnAssign)]
    assert [place for place, node in declared if holds_tuple(node.annotation)] == []


def imported(path: Path) -> list[Path]:
    """The files that a source imports, as they resolve; interfaces of the language left out."""
    files = []
    for node in PARSED[path].get_descendants(vy_ast.ImportFrom):
        if node.level:
            folder = path.parents[node.level - 1] / (node.module or "").replace(".", "/")
        else:
            folder = ROOT / (node.module or "").replace(".", "/")
        candidates = [(folder / f"{node.name}{suffix}").resolve() for suffix in (".vy", ".vyi")]
        files += [file for file in candidates if file.exists()]
    return files


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nothing_is_imported_twice(path: Path) -> None:
    files = imported(path)
    assert len(set(files)) == len(files)


def test_imports_resolve() -> None:
    assert len(imported(ROOT / "contracts" / "Credits.vy")) > 2


def test_the_new_code_generator_is_nowhere_turned_on() -> None:
    assert not Settings(evm_version="prague").experimental_codegen
    for path in (*SOURCES, ROOT / "scripts" / "abi.py", ROOT / "ape-config.yaml"):
        if path.exists():
            assert not re.search(r"venom|experimental.codegen\b", path.read_text(), re.IGNORECASE)


def test_neither_decimals_nor_send_nor_raw_returns_are_used() -> None:
    names = {getattr(node, "id", "") for _, node in found(vy_ast.Name)}
    assert names & {"decimal", "send", "raw_return", "sqrt", "isqrt"} == set()


@pytest.mark.parametrize("name", ["Credits", "Hosting"])
def test_an_interface_returns_what_the_contract_does(name: str) -> None:
    text = (ROOT / "contracts" / "interfaces" / f"I{name}.vyi").read_text()
    entries = {it["name"]: it for it in load_abi(name) if it["type"] == "function"}
    functions = parse_to_ast(text, is_interface=True).get_children(vy_ast.FunctionDef)
    assert functions
    for function in functions:
        outputs = entries[function.name]["outputs"]
        assert bool(outputs) == (function.returns is not None), function.name
