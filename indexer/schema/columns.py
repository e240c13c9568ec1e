"""What the tables are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Integer,
    MetaData,
    Numeric,
    String,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

UINT256_DIGITS = 78


class Uint256(TypeDecorator[int]):
    """A uint256: NUMERIC(78, 0) on PostgreSQL, sortable fixed-width text on SQLite."""

    impl = String(UINT256_DIGITS)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(UINT256_DIGITS, 0))
        return dialect.type_descriptor(String(UINT256_DIGITS))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if not 0 <= value < 2**256:
            raise ValueError(f"{value} is no uint256")
        return value if dialect.name == "postgresql" else str(value).zfill(UINT256_DIGITS)

    def process_result_value(self, value: Any, _dialect: Dialect) -> int | None:
        return None if value is None else int(value)


mirror = MetaData()

ADDRESS = String(42)  # EIP-55
HASH = String(66)  # 0x and 64 hex digits


def last_event() -> list[Column[Any]]:
    """Where the row comes from: the last event of its key."""
    return [
        Column("block_number", BigInteger, nullable=False),
        Column("log_index", Integer, nullable=False),
    ]
