"""A file of charges, to batches that are settled once, whatever is cut off.

Invariant: a batch is settled once and only where the chain holds it under the file's root. So
running it again goes on with the first batch that isn't there: each is sent under a sequence
that was free *before* the chain was asked what is settled, and the contract takes a sequence
once. One that was sent and not seen, since it was still pending, can therefore only fail.

`FILE.settled` notes under which root FILE was begun, and which sequence and transaction each batch
has. It decides nothing but this: a file that was changed since, whose root is another one, is
refused, for it would charge twice what is settled already.

The root is a Merkle root as OpenZeppelin's StandardMerkleTree makes it (leaves hashed twice, pairs
sorted), over the leaves (label, account, micro) in the file's order.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.address import is_hex_address, to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from pydantic import BaseModel, ValidationError

from scripts.deployment.errors import DeployError
from scripts.deployment.hands import topic_of
from scripts.operating.amounts import credits_text
from scripts.operating.desk import Desk

BATCH = 200  # charges a transaction: as many as `Credits.settle` takes
MOST_ASKED = 2**48 - 1  # micro credit
MOST_DIGITS = len(str(MOST_ASKED))
NANO_PER_MICRO = 10**3
SETTLED = topic_of("Credits", "Settled")


@dataclass(frozen=True, slots=True)
class Charge:
    """What an account is asked to pay, in micro credit."""

    account: str  # EIP-55
    micro: int

    @property
    def packed(self) -> int:
        """As `Credits.settle` takes it."""
        return int(self.account, 16) << 96 | self.micro


class NotedBatch(BaseModel):
    """A batch that was sent; without a transaction it isn't known yet what became of it."""

    sequence: int
    transaction: str | None = None


class Note(BaseModel):
    """What `FILE.settled` says."""

    chain_id: int
    credits: str
    root: str
    batches: dict[int, NotedBatch] = {}  # by the batch's place in the file, from 0


@dataclass(frozen=True, slots=True)
class Settled:
    """A batch on the chain."""

    sequence: int
    transaction: str
    asked: tuple[int, ...]  # as `Charge.packed`
    charged: int  # micro credit, of all accounts together


@dataclass
class Settlement:
    """One file at one desk."""

    desk: Desk
    file: Path
    root: bytes
    charges: Sequence[Charge]

    def run(self) -> None:
        """Sends what isn't settled yet, batch by batch; raises DeployError."""
        say, desk = self.desk.say, self.desk
        batches = [self.charges[at : at + BATCH] for at in range(0, len(self.charges), BATCH)]
        note = self._load_note()
        # In this order: what another settles meanwhile takes the sequence, and ours is refused.
        sequence = desk.read("Credits", "next_sequence")
        done = self._done(batches, sequence)
        parts = _count(batches, "batch", "batches")
        say(f"root 0x{self.root.hex()}: {_count(self.charges)}, in {parts}")
        for place, settled in sorted(done.items()):
            say(_told(place, settled))
        note.batches |= {
            place: NotedBatch(sequence=it.sequence, transaction=it.transaction)
            for place, it in done.items()
        }
        left = [(place, batch) for place, batch in enumerate(batches) if place not in done]
        if desk.dry_run:
            self._tell([batch for _, batch in left], sequence)
            return
        for place, batch in left:
            note.batches[place] = NotedBatch(sequence=sequence)
            self._save_note(note)
            settled = self._send(batch, sequence)
            note.batches[place].transaction = settled.transaction
            self._save_note(note)
            say(_told(place, settled))
            sequence += 1
        self._save_note(note)
        if not left:
            say("All of it is settled already.")

    def _send(self, batch: Sequence[Charge], sequence: int) -> Settled:
        desk, address = self.desk, self.desk.address("Credits")
        packed = [charge.packed for charge in batch]
        block = int(desk.hands.ask("eth_blockNumber", []), 16)
        desk.hands.send("Credits", address, "settle", sequence, self.root, packed)
        topics: list[str | None] = [SETTLED, _topic(sequence)]
        logs = desk.hands.logs(address, topics, block)
        if not logs:
            raise DeployError(f"batch {sequence} was mined and is gone again: run it once more")
        return _decode(logs[-1])

    def _done(self, batches: Sequence[Sequence[Charge]], sequence: int) -> dict[int, Settled]:
        """The batches, by their place, that stand on the chain under the root."""
        credits_, hands = self.desk.deployment.contracts["Credits"], self.desk.hands
        last: list[str | None] = [SETTLED, _topic(sequence - 1)]
        if sequence and not hands.logs(credits_.address, last, credits_.block):
            raise DeployError("the node's logs are behind its state: ask another one, or later")
        topics: list[str | None] = [SETTLED, None, "0x" + self.root.hex()]
        found = [_decode(log) for log in hands.logs(credits_.address, topics, credits_.block)]
        places = {tuple(it.packed for it in batch): place for place, batch in enumerate(batches)}
        if unknown := [it for it in found if it.asked not in places]:
            raise DeployError(
                f"batch {unknown[0].sequence} settled other charges under this root: "
                "what was settled of them isn't known"
            )
        return {places[it.asked]: it for it in found}

    def _tell(self, batches: Sequence[Sequence[Charge]], sequence: int) -> None:
        """What each account would pay at most if it were settled now."""
        desk = self.desk
        asked = paid = gas = 0
        for charge in (charge for batch in batches for charge in batch):
            account = desk.read("Credits", "account_of", charge.account)
            balance, left = (account[0] + account[1]) // NANO_PER_MICRO, account[5] - account[4]
            most = min(charge.micro, left, balance)
            asked, paid = asked + charge.micro, paid + most
            bound = "balance" if most == balance else "limit"
            why = "" if most == charge.micro else f" (its {bound})"
            desk.say(f"  {charge.account}: asked {_text(charge.micro)}, pays {_text(most)}{why}")
        for batch in batches:
            packed = [charge.packed for charge in batch]
            gas += desk.hands.estimate(
                "Credits", desk.address("Credits"), "settle", sequence, self.root, packed
            )
        desk.say(f"asked {_text(asked)}, pays at most {_text(paid)}; {gas:,} gas")
        desk.say(f"Dry run: nothing was sent; the next sequence is {sequence}.")

    @property
    def _note(self) -> Path:
        return self.file.with_name(self.file.name + ".settled")

    def _load_note(self) -> Note:
        deployment, root = self.desk.deployment, "0x" + self.root.hex()
        own = Note(chain_id=deployment.chain_id, credits=self.desk.address("Credits"), root=root)
        if not self._note.exists():
            return own
        try:
            found = Note.model_validate_json(self._note.read_text())
        except (OSError, ValidationError) as error:
            raise DeployError(f"{self._note} can't be read: move it away") from error
        if (found.chain_id, found.credits) != (own.chain_id, own.credits):
            raise DeployError(f"{self._note} is of another deployment: give the file another name")
        if found.root != root:
            raise DeployError(
                f"{self.file} was begun with other charges, under the root {found.root}: take "
                "them back, or give what is left to be charged a file of its own"
            )
        return found

    def _save_note(self, note: Note) -> None:
        part = self._note.with_name(self._note.name + ".part")
        part.write_text(note.model_dump_json(indent=2) + "\n")
        part.replace(self._note)


def load_charges(path: Path) -> list[Charge]:
    """A CSV of `account,micro` lines (a heading is allowed), or JSON `[{"account", "micro"}]`.

    Raises DeployError that names the line. An account may stand in it once.
    """
    try:
        text = path.read_text()
    except OSError as error:
        raise DeployError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DeployError(f"{path} is no text") from error
    lines = _json_lines(path, text) if path.suffix == ".json" else _csv_lines(path, text)
    charges: dict[str, Charge] = {}
    for where, account, micro in lines:
        if not isinstance(account, str) or not is_hex_address(account):
            raise DeployError(f"{where}: account: {account!r} is no address")
        if not _is_micro(micro):
            raise DeployError(f"{where}: micro: {micro!r} is no number from 0 to {MOST_ASKED}")
        known = to_checksum_address(account)
        if known in charges:
            raise DeployError(f"{where}: account: {known} stands in it twice")
        charges[known] = Charge(known, int(micro))
    if not charges:
        raise DeployError(f"{path}: no charge in it")
    return list(charges.values())


def merkle_root(label: str, charges: Sequence[Charge]) -> bytes:
    """32 bytes; the label makes the same charges of another time another root."""
    level = [
        keccak(keccak(encode(["string", "address", "uint256"], [label, it.account, it.micro])))
        for it in charges
    ]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [keccak(b"".join(sorted(pair))) if len(pair) == 2 else pair[0] for pair in pairs]
    return bytes(level[0])


def _is_micro(value: Any) -> bool:
    digits = str(value) if type(value) in (int, str) else ""
    fits = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
    return fits and int(digits) <= MOST_ASKED


def _csv_lines(path: Path, text: str) -> Iterator[tuple[str, Any, Any]]:
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        where = f"{path}, line {number}"
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells == ["account", "micro"]):
            continue
        if len(cells) != 2:
            raise DeployError(f"{where}: {len(cells)} columns, not account and micro")
        yield where, cells[0], cells[1]


def _json_lines(path: Path, text: str) -> Iterator[tuple[str, Any, Any]]:
    try:
        entries = json.loads(text)
        if not isinstance(entries, list):
            raise TypeError("not a list")
        for number, entry in enumerate(entries, start=1):
            yield f"{path}, entry {number}", entry["account"], entry["micro"]
    except (ValueError, TypeError, KeyError) as error:
        raise DeployError(f"{path} is no list of account and micro: {error}") from error


def _decode(log: dict[str, Any]) -> Settled:
    """A `Settled` log; a charge in it is account << 96 | charged << 48 | asked."""
    charges, _words = decode(["uint256[]", "uint256[]"], HexBytes(log["data"]))
    return Settled(
        sequence=int.from_bytes(HexBytes(log["topics"][1]), "big"),
        transaction=HexBytes(log["transactionHash"]).to_0x_hex(),
        asked=tuple(it >> 96 << 96 | it & MOST_ASKED for it in charges),
        charged=sum(it >> 48 & MOST_ASKED for it in charges),
    )


def _topic(number: int) -> str:
    return f"0x{number:064x}"


def _told(place: int, settled: Settled) -> str:
    asked = sum(it & MOST_ASKED for it in settled.asked)
    return (
        f"batch {place + 1} is settled, sequence {settled.sequence}: {_count(settled.asked)}, "
        f"asked {_text(asked)}, paid {_text(settled.charged)}: {settled.transaction}"
    )


def _count(of: Sequence[Any], one: str = "charge", more: str = "charges") -> str:
    return f"{len(of)} {one if len(of) == 1 else more}"


def _text(micro: int) -> str:
    return credits_text(micro * NANO_PER_MICRO)
