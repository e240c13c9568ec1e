"""What the API's tests stand on: a migrated database, a mirror written row by row, wallets."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, delete, insert, update
from werkzeug.test import TestResponse

from api.settings import ApiSettings
from indexer import schema
from indexer.acts import open_register
from indexer.manifest import Deployment, save_deployment

CHAIN_ID = 31_337
GENESIS = "0x" + "11" * 32
SECRET = "a secret of the tests, of enough characters"
GRACE = 1_209_600  # seconds
NANO = 10**9
CREDITS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
HOSTING = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
ZERO_WORD = "0x" + "00" * 32


def write_manifest(path: Path) -> None:
    """Of a chain with Credits and Hosting."""
    contracts: dict[str, Any] = {
        "Credits": {"address": CREDITS, "block": 1},
        "Hosting": {"address": HOSTING, "block": 2},
    }
    save_deployment(Deployment(chain_id=CHAIN_ID, genesis_hash=GENESIS, contracts=contracts), path)


def make_settings(data_dir: Path, database_url: str = "", **more: Any) -> ApiSettings:
    """Settings over a data folder that has a manifest; no `.env`, no rate limits."""
    write_manifest(data_dir / "deployment.json")
    values: dict[str, Any] = {
        "secret_key": SECRET,
        "data_dir": data_dir,
        "database_url": database_url,
        "rate_limits": False,
        **more,
    }
    return ApiSettings(_env_file=None, **values)


class Mirror:
    """Writes the mirror as the indexer would, but with whatever a test wants in it."""

    def __init__(self, database_url: str, now: int | None = None) -> None:
        self.engine: Engine = create_engine(database_url)
        self.block = 10
        self.now = now or int(time.time())
        self._log_index = 0
        schema.mirror.create_all(self.engine)
        with self.engine.begin() as conn:
            open_register(conn)
            conn.execute(
                insert(schema.cursor).values(
                    id=1,
                    schema_version=schema.SCHEMA_VERSION,
                    chain_id=CHAIN_ID,
                    genesis_hash=GENESIS,
                    finalized_number=self.block - 1,
                    safe_number=self.block,
                    halted="",
                    **self._cursor(),
                )
            )
            conn.execute(
                insert(schema.terms).values(
                    contract="Credits", asset=CREDITS, scale=1_000, grace=GRACE, **self._last()
                )
            )
        for number, kind, rate, period in ((1, 1, 0, 2_592_000), (2, 1, 2_000, 0)):
            self.plan(number, kind, rate, period)
        self.plan(3, 2, 1_000, 0)
        self.plan(4, 3, 5_000, 0)
        self.tier(0)

    def close(self) -> None:
        self.engine.dispose()

    def at(self, block: int, timestamp: int) -> None:
        """Moves the cursor."""
        self.block, self.now = block, timestamp
        with self.engine.begin() as conn:
            conn.execute(update(schema.cursor).values(**self._cursor()))

    def cursor(self, **values: Any) -> None:
        with self.engine.begin() as conn:
            conn.execute(update(schema.cursor).values(**values))

    def plan(self, number: int, kind: int, rate: int, period: int) -> None:
        self._put(
            schema.plans,
            {"id": number},
            {
                "name": f"plan {number}",
                "kind": kind,
                "rate": rate,
                "free_period": period,
                "offered": True,
            },
        )

    def account(self, address: str, **values: Any) -> None:
        """An account word; by default ten paid credits and no stream."""
        word = {
            "paid": 10 * NANO,
            "granted": 0,
            "rate": 0,
            "updated_at": self.now,
            "spent_today": 0,
            "lowered": False,
            "per_day": 10**6,
        }
        self._put(schema.accounts, {"address": address}, word | values)

    def tier(self, number: int, **values: Any) -> None:
        """A tier; by default one that is offered."""
        terms = {"name": f"tier {number}", "rate": 3_000 * number, "discount": 500 * number}
        terms |= {"services": 20, "storage": 2**30, "traffic": 2**40, "offered": True}
        self._put(schema.tiers, {"id": number}, terms | values)

    def subscription(self, address: str, tier: int, epoch: int = 0) -> None:
        terms = {"tier": tier, "rate": 3_000 * tier, "discount": 500 * tier, "services": 20}
        self._put(schema.subscriptions, {"address": address}, terms | {"epoch": epoch})

    def limit(self, address: str, per_day: int) -> None:
        self._put(schema.limits, {"address": address}, {"per_day": per_day})

    def role(self, address: str, bits: int, contract: str = "Credits") -> None:
        self._put(schema.roles, {"contract": contract, "address": address}, {"roles": bits})

    def admin(self, address: str, contract: str = "Credits") -> None:
        self._put(schema.admins, {"contract": contract}, {"address": address})

    def service(
        self,
        number: int,
        owner: str,
        *,
        plan: int = 2,
        state: int = 1,
        rate: int | None = None,
        discount: int = 0,
        epoch: int = 0,
        expires_at: int = 0,
        reason: str | None = None,
    ) -> None:
        """A service that was just started or changed."""
        rates = {1: 0, 2: 2_000, 3: 1_000, 4: 5_000}
        values = {
            "owner": owner,
            "plan": plan,
            "state": state,
            "rate": rates[plan] if rate is None else rate,
            "discount": discount,
            "epoch": epoch,
            "expires_at": expires_at,
        }
        told = {"service": str(number), "owner": owner, "reference": ZERO_WORD}
        self.event("ServiceStarted", str(number), owner, told)
        if reason is not None:
            self.event("ServiceSuspended", str(number), owner, told | {"reason": reason})
        self._put(schema.services, {"id": number}, values)

    def event(self, name: str, key: str, account: str, arguments: dict[str, Any]) -> None:
        """The next event of the cursor's block."""
        self._log_index += 1
        with self.engine.begin() as conn:
            conn.execute(
                insert(schema.events).values(
                    block_number=self.block,
                    log_index=self._log_index,
                    part=0,
                    block_hash=self.block_hash,
                    block_timestamp=self.now,
                    transaction_hash=f"0x{self._log_index:064x}",
                    contract="Hosting" if name.startswith("Service") else "Credits",
                    name=name,
                    key=key,
                    account=account,
                    arguments=arguments,
                )
            )

    def wipe(self, table: Any) -> None:
        with self.engine.begin() as conn:
            conn.execute(delete(table))

    @property
    def block_hash(self) -> str:
        return f"0x{self.block:064x}"

    def _cursor(self) -> dict[str, Any]:
        return {
            "block_number": self.block,
            "block_hash": self.block_hash,
            "block_timestamp": self.now,
            "head_number": self.block,
            "indexed_at": self.now * 1_000,
        }

    def _last(self) -> dict[str, int]:
        return {"block_number": self.block, "log_index": self._log_index}

    def _put(self, table: Any, key: dict[str, Any], values: dict[str, Any]) -> None:
        with self.engine.begin() as conn:
            where = [table.c[name] == value for name, value in key.items()]
            conn.execute(delete(table).where(*where))
            conn.execute(insert(table).values(**key, **values, **self._last()))


@dataclass
class Wallet:
    """A key, and a client that it can sign in with."""

    client: FlaskClient
    key: LocalAccount = field(default_factory=Account.create)
    token: str = ""

    @property
    def address(self) -> str:
        return str(self.key.address)

    def sign(self, message: str) -> str:
        return "0x" + self.key.sign_message(encode_defunct(text=message)).signature.hex()

    def ask_message(self) -> str:
        answer = self.client.post(
            "/v1/auth/nonce", json={"address": self.address, "chain_id": CHAIN_ID}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json["message"])  # type: ignore[index]

    def sign_in(self) -> str:
        message = self.ask_message()
        answer = self.client.post(
            "/v1/auth/sessions", json={"message": message, "signature": self.sign(message)}
        )
        assert answer.status_code == 201, answer.text
        self.token = str(answer.json["token"])  # type: ignore[index]
        return self.token

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.ask("POST", path, **options)


def slug(answer: TestResponse) -> str:
    """Which problem it is; fails where it is none."""
    assert answer.content_type == "application/problem+json", answer.text
    document = answer.json
    assert document is not None
    assert document["status"] == answer.status_code
    assert document["title"]
    assert document["detail"]
    return str(document["type"]).removeprefix("/problems/")
