"""Makes mutants of a Vyper source: each is the source with one small thing wrong.

By tokens, which Vyper shares with Python, so that comments, docstrings, revert reasons and the
bounds of types stay as they are. What is changed: every comparison to its neighbour and its
opposite, every arithmetic, bit and boolean operator to another, every number by one, min and max,
True and False, and whole statements are dropped: asserts, writes to storage, events, locks.
"""

from __future__ import annotations

import hashlib
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from tokenize import TokenInfo

OPERATORS = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
    "+": ("-",),
    "-": ("+",),
    "*": ("+",),
    "//": ("*",),
    "%": ("//",),
    "&": ("|",),
    "|": ("&",),
    "^": ("|",),
    "<<": (">>",),
    ">>": ("<<",),
    "+=": ("-=",),
    "-=": ("+=",),
    "|=": ("&=",),
    "&=": ("|=",),
}
WORDS = {
    "min": ("max",),
    "max": ("min",),
    "and": ("or",),
    "or": ("and",),
    "not": ("",),
    "True": ("False",),
    "False": ("True",),
    "unsafe_add": ("unsafe_sub",),
    "unsafe_sub": ("unsafe_add",),
    "unsafe_mul": ("unsafe_add",),
}
TYPES = {"String", "Bytes", "DynArray", "HashMap"}  # what follows in brackets is a type's bound
# Statements that don't compute: an operator there is part of a declaration or of no statement.
DECLARING = {"event", "struct", "interface", "import", "from", "initializes", "uses", "implements"}
SPACE = {tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE}


@dataclass(frozen=True)
class Mutant:
    """One change of a file, from one offset in its text to another."""

    file: str  # as in the repository
    line: int
    column: int
    before: str
    after: str
    start: int
    end: int
    source_hash: str  # of the file before the change: a result holds for that text alone

    @property
    def id(self) -> str:
        """Names the change; the same for the same text of the file."""
        after = self.after or "nothing"
        return f"{self.source_hash}:{self.file}:{self.line}:{self.column}:{self.before}>{after}"

    def apply(self, source: str) -> str:
        """The file with the change in it."""
        return source[: self.start] + self.after + source[self.end :]


def statements(source: str) -> Iterator[list[TokenInfo]]:
    """The logical lines, without space and comments."""
    line: list[TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NEWLINE:
            if line:
                yield line
            line = []
        elif token.type not in SPACE:
            line.append(token)


def is_declaration(line: list[TokenInfo]) -> bool:
    """Whether a line only declares; constants do compute."""
    texts = [token.string for token in line]
    if texts[0] in {"@", "def"} | DECLARING or line[0].type == tokenize.STRING:
        return True
    indented = line[0].start[1] > 0
    return not indented and "constant" not in texts


def changes(line: list[TokenInfo]) -> Iterator[tuple[TokenInfo, str]]:
    """Every token of a line that can be another."""
    brackets: list[bool] = []  # whether each open bracket is a type's
    for at, token in enumerate(line):
        text, previous = token.string, line[at - 1].string if at else ""
        if text in "([{" and token.type == tokenize.OP:
            brackets.append(text == "[" and previous in TYPES)
        elif text in ")]}" and token.type == tokenize.OP:
            brackets.pop()
        elif any(brackets):
            continue
        elif token.type == tokenize.OP:
            yield from ((token, other) for other in OPERATORS.get(text, ()))
        elif token.type == tokenize.NAME:
            yield from ((token, other) for other in WORDS.get(text, ()))
        elif token.type == tokenize.NUMBER and not text.startswith("0x"):
            number = int(text)
            yield token, str(number + 1)
            if number > 1:
                yield token, str(number - 1)


def drops(line: list[TokenInfo]) -> bool:
    """Whether a statement can be left out: a check, a write to storage, an event, a call out."""
    texts = [token.string for token in line]
    writes = texts[:2] == ["self", "."] and any(it in {"=", "+=", "-=", "|=", "&="} for it in texts)
    return texts[0] in {"assert", "log", "extcall"} or writes


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Every mutant of a file, from its first line to its last."""
    starts = [0]
    for text in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(text))
    digest = hashlib.sha256(source.encode()).hexdigest()[:12]

    def mutant(first: TokenInfo, last: TokenInfo, after: str) -> Mutant:
        start = starts[first.start[0] - 1] + first.start[1]
        end = starts[last.end[0] - 1] + last.end[1]
        before = " ".join(source[start:end].split())
        return Mutant(file, *first.start, before, after, start, end, digest)

    made = []
    for line in statements(source):
        if [token.string for token in line[:2]] == ["@", "nonreentrant"]:
            made.append(mutant(line[0], line[-1], ""))
        if is_declaration(line):
            continue
        if drops(line):
            made.append(mutant(line[0], line[-1], "pass"))
        made += [mutant(token, token, other) for token, other in changes(line)]
    return made
