"""What Domains keeps: names, their records and prices, DNS names.

A node is 0x and 64 hex digits. What a row amounts to now is decided by `name_rules`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from indexer.schema.columns import ADDRESS, HASH, Uint256, last_event, mirror

name_terms = Table(  # of Domains, fixed when it was deployed
    "mirror_name_terms",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("top_node", HASH, nullable=False),
    Column("top_label", String(63), nullable=False),
    Column("credits", ADDRESS, nullable=False),
    Column("hosting", ADDRESS, nullable=False),
    *last_event(),
)

names = Table(  # the fields of the packed word; whoever owned an expired name is still in it
    "mirror_names",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("owner", ADDRESS, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # unix seconds
    Column("service", Uint256, nullable=False),  # as linked, 0 for none
    Column("version", BigInteger, nullable=False),  # counts the changes of hands
    Column("format", Integer, nullable=False),  # of the content hash, 0 for none
    *last_event(),
    Index("ix_mirror_names_block_number", "block_number"),
    Index("ix_mirror_names_owner", "owner", "node"),
    Index("ix_mirror_names_service", "service", "node"),
    Index("ix_mirror_names_expires_at", "expires_at"),
)

name_labels = Table(  # of a node for ever, whoever registers it
    "mirror_name_labels",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("label", String(63), nullable=False, index=True),
    *last_event(),
)

commitments = Table(
    "mirror_commitments",
    mirror,
    Column("commitment", HASH, primary_key=True),
    Column("committed_at", BigInteger, nullable=False),  # unix seconds, 0 once it is used
    *last_event(),
)

name_tokens = Table(  # by ERC-721's own events; the row's event is the last change of hands
    "mirror_name_tokens",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("holder", ADDRESS, nullable=False),
    *last_event(),
)

name_approvals = Table(  # counts where it came after the token's last change of hands
    "mirror_name_approvals",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("owner", ADDRESS, nullable=False),  # who owned it then
    Column("approved", ADDRESS, nullable=False),  # the zero address: nobody
    *last_event(),
)

name_operators = Table(
    "mirror_name_operators",
    mirror,
    Column("owner", ADDRESS, primary_key=True),
    Column("operator", ADDRESS, primary_key=True),
    Column("approved", Boolean, nullable=False),
    *last_event(),
)

content_hashes = Table(  # counts while its version is the name's
    "mirror_content_hashes",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("hash", String(2 + 2 * 128), nullable=False),  # ENSIP-7 bytes, 0x hex; 0x: none
    Column("version", BigInteger, nullable=False),
    *last_event(),
)

name_addrs = Table(  # counts while its version is the name's
    "mirror_name_addrs",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("account", ADDRESS, nullable=False),  # the zero address: none
    Column("version", BigInteger, nullable=False),
    *last_event(),
)

name_texts = Table(  # counts while its version is the name's
    "mirror_name_texts",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("key_hash", HASH, primary_key=True),  # of the key's bytes, which may be no UTF-8
    Column("key", String(64), nullable=False),
    Column("value", String(512), nullable=False),  # empty: none
    Column("version", BigInteger, nullable=False),
    *last_event(),
)

base_uris = Table(
    "mirror_base_uris",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("base_uri", String(128), nullable=False),
    *last_event(),
)

name_prices = Table(  # nano credit a year, for labels of 3, 4, and 5 or more characters
    "mirror_name_prices",
    mirror,
    Column("contract", String(32), primary_key=True),
    *(
        Column(f"{when}_{length}", Uint256, nullable=False)
        for when in ("before", "after")
        for length in (3, 4, 5)
    ),
    Column("changes_at", BigInteger, nullable=False),  # unix seconds
    *last_event(),
)

registering = Table(
    "mirror_registering",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("open", Boolean, nullable=False),
    *last_event(),
)

dns_claims = Table(  # says only that a wallet wants the name
    "mirror_dns_claims",
    mirror,
    Column("name_hash", HASH, primary_key=True),
    Column("claimant", ADDRESS, primary_key=True),
    Column("name", String(253), nullable=False),
    *last_event(),
    Index("ix_mirror_dns_claims_claimant", "claimant", "name"),
)

dns_names = Table(
    "mirror_dns_names",
    mirror,
    Column("name_hash", HASH, primary_key=True),
    Column("name", String(253), nullable=False, index=True),
    Column("owner", ADDRESS, nullable=False),  # the zero address: revoked
    Column("until", BigInteger, nullable=False),  # unix seconds, 0 where revoked
    *last_event(),
    Index("ix_mirror_dns_names_owner", "owner", "name"),
)
