"""A name by the public faces only: ordered, registered, pointed, linked, renewed and sent away.

The wallet knows the ABIs of `/v1/contracts` alone; after each step the mirror's row is what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine
from web3.exceptions import ContractLogicError
from web3.types import RPCEndpoint

from indexer import reads
from indexer.database import open_engine
from indexer.reads import NameRow
from scripts.dev_accounts import dev_accounts, key_of
from scripts.wallet import Wallet, wait_for
from tests.support.journey import SEEN_SECONDS, buy, start_service
from tests.support.platform import RunningPlatform

COIN = 10**6
YEAR = 365 * 86_400
MONTH = 28 * 86_400
LABEL = "my-first-name"
SECRET = b"\x5e" * 32
CONTENT = bytes.fromhex("e30101701220") + b"\x11" * 32

Look = Callable[[NameRow], bool]


@pytest.mark.timeout(230)
class TestName:
    """One story; each test goes on where the one before it ended."""

    @pytest.fixture(scope="class")
    def owner(self, platform: RunningPlatform) -> Wallet:
        return self.wallet(platform)

    @pytest.fixture(scope="class")
    def friend(self, platform: RunningPlatform) -> Wallet:
        return self.wallet(platform)

    @pytest.fixture(scope="class")
    def mirror(self, platform: RunningPlatform) -> Iterator[Engine]:
        engine = open_engine(f"sqlite:///{platform.data_dir / 'dspace.sqlite3'}", writes=False)
        yield engine
        engine.dispose()

    @staticmethod
    def wallet(platform: RunningPlatform) -> Wallet:
        made = Wallet(platform.faces())
        Wallet(platform.faces(), key_of(dev_accounts()[9])).fund(made.address, 10**18)
        buy(made, made.address, 50 * COIN)
        made.sign_in()
        return made

    @staticmethod
    def seen(mirror: Engine, what: str, look: Look) -> NameRow:
        """The mirror's row, once it says so."""

        def row() -> NameRow | None:
            with mirror.connect() as conn:
                found = reads.get_name(conn, LABEL)
            return found if found is not None and look(found) else None

        return wait_for(row, SEEN_SECONDS, what)

    @staticmethod
    def node(wallet: Wallet) -> bytes:
        return bytes(wallet.call("Domains", "node_of", LABEL))

    def test_it_is_ordered_and_registered(self, owner: Wallet, mirror: Engine) -> None:
        order = (LABEL, owner.address, YEAR, SECRET)
        owner.send("Domains", "commit", owner.call("Domains", "commitment_of", *order))
        with pytest.raises(ContractLogicError, match="commitment too young"):
            owner.send("Domains", "register", *order)
        # Blocks that came in a burst are ahead of the clock, so more than the minute.
        for method, params in (("evm_increaseTime", [600]), ("evm_mine", [])):
            owner.platform.node.provider.make_request(RPCEndpoint(method), params)
        balance = owner.call("Credits", "balance_of", owner.address)
        price = owner.call("Domains", "price_of", LABEL, YEAR)
        owner.send("Domains", "register", *order)
        assert owner.call("Credits", "balance_of", owner.address) == balance - price
        row = self.seen(mirror, "the name", lambda _row: True)
        assert (row.name.owner, row.node) == (owner.address, "0x" + self.node(owner).hex())
        assert row.name.expires_at == owner.call("Domains", "name_of", self.node(owner))[1]
        told = [entry["event"] for entry in owner.get("/v1/account/ledger")["items"]]
        assert {"NameRegistered", "Spent"} <= set(told)

    def test_it_is_renewed_by_anyone(self, owner: Wallet, friend: Wallet, mirror: Engine) -> None:
        before = owner.call("Domains", "name_of", self.node(owner))[1]
        friend.send("Domains", "renew", LABEL, MONTH)
        self.seen(mirror, "more time", lambda row: row.name.expires_at == before + MONTH)

    def test_it_points_where_its_owner_says(self, owner: Wallet, mirror: Engine) -> None:
        node = self.node(owner)
        owner.send("Domains", "set_contenthash", node, CONTENT)
        owner.send("Domains", "set_addr", node, owner.address)
        owner.send("Domains", "set_text", node, "url", "https://example.org")
        row = self.seen(mirror, "the records", lambda row: row.addr == owner.address)
        assert row.content_hash == "0x" + CONTENT.hex()

        def text() -> bool:
            with mirror.connect() as conn:
                return reads.read_texts(conn, row.node) == {"url": "https://example.org"}

        wait_for(text, SEEN_SECONDS, "the text")

    def test_it_is_linked_to_a_service_and_unlinked(
        self, owner: Wallet, friend: Wallet, mirror: Engine
    ) -> None:
        node, service = self.node(owner), start_service(owner)
        theirs = start_service(friend)
        with pytest.raises(ContractLogicError, match="not your service"):
            owner.send("Domains", "link", node, theirs)
        owner.send("Domains", "link", node, service)
        assert owner.call("Domains", "link_of", node) == service
        self.seen(mirror, "the link", lambda row: row.serves(0) == service)
        owner.send("Domains", "unlink", node)
        self.seen(mirror, "no link", lambda row: row.name.service == 0)
        owner.send("Domains", "link", node, service)
        owner.send("Hosting", "transfer", service, friend.address)
        assert owner.call("Domains", "link_of", node) == 0
        self.seen(
            mirror,
            "a link that serves nothing",
            lambda row: (row.name.service, row.serves(0)) == (service, 0),
        )

    def test_it_is_sent_away_and_points_nowhere(
        self, owner: Wallet, friend: Wallet, mirror: Engine
    ) -> None:
        token = int.from_bytes(self.node(owner), "big")
        owner.send("Domains", "transferFrom", owner.address, friend.address, token)
        assert friend.call("Domains", "ownerOf", token) == friend.address
        row = self.seen(mirror, "the new owner", lambda row: row.name.owner == friend.address)
        assert (row.content_hash, int(row.addr, 16), row.name.service) == ("0x", 0, 0)
        with mirror.connect() as conn:
            assert reads.read_texts(conn, row.node) == {}
            assert [one.label for one in reads.list_names(conn, friend.address)] == [LABEL]
            assert reads.list_names(conn, owner.address) == []
        with pytest.raises(ContractLogicError, match="not your name"):
            owner.send("Domains", "set_addr", self.node(owner), owner.address)
