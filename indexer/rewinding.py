"""What `dspace index rewind` tells: in figures and in lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from indexer.store import Rewound


def rewind_figures(rewound: Rewound) -> dict[str, Any]:
    """All of it, for `--json`."""
    return {
        "from_block": rewound.before.block_number,
        "from_hash": rewound.before.block_hash,
        "to_block": rewound.after.block_number,
        "to_hash": rewound.after.block_hash,
        "finalized_before": rewound.before.finalized_number,
        "finalized_number": rewound.after.finalized_number,
        **asdict(rewound.dropped),
        "acts": [asdict(act) for act in rewound.acts],
    }


def describe_rewind(rewound: Rewound) -> Iterator[str]:
    """The lines for an operator."""
    before, after, dropped = rewound.before, rewound.after, rewound.dropped
    yield f"from block {before.block_number:,} {before.block_hash}"
    yield f"to block   {after.block_number:,} {after.block_hash}"
    yield f"drops      {dropped.blocks:,} blocks, {dropped.events:,} events"
    if after.finalized_number < before.finalized_number:
        below = before.finalized_number - after.finalized_number
        yield f"           {below:,} of them were final"
    for table, rows in sorted(dropped.rows.items()):
        yield f"brings back {rows:,} rows of {table}"
    if not rewound.acts:
        yield "Nothing was irreversibly done on these blocks."
        return
    yield f"Irreversibly done on these blocks ({len(rewound.acts)}), and not undone by this:"
    for act in rewound.acts:
        yield f"  {act.kind} {act.subject} at block {act.block_number:,} {act.block_hash}"
