"""How providers say "too much" and "too often", read from the codes and words of their errors.

Pure. The words were collected from the documentation and the bug reports of Alchemy, Infura,
QuickNode, Ankr, Chainstack, dRPC, BlastAPI, BlockPI, Cloudflare, Coinbase, thirdweb, Tenderly,
LlamaNodes, Merkle, Nodies, 1RPC, PublicNode and of geth, erigon, reth, Nethermind, Besu, Nitro,
bsc, zkSync, Polygon zkEVM, Avalanche, Harmony, Moonbeam, Scroll, Somnia, Forest; no two agree.
tests/indexer/test_limits.py has them all.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from indexer.errors import RangeTooLarge, RateLimited

LIMIT_EXCEEDED = -32005  # EIP-1474's; said of ranges and of rates
RANGE_CODES = frozenset({LIMIT_EXCEEDED, -32614, -32008})  # QuickNode's; jsonrpsee's (reth)
RATE_CODES = frozenset({429, -32029, -32016, -32097})
PAYLOAD_TOO_LARGE = 413
TOO_MANY_REQUESTS = 429
UNAVAILABLE = 503
MAX_RETRY_AFTER_SECONDS = 120.0

_RATE = re.compile(
    r"rate.?limit|request rate|request count|too many requests|(?:requests|units) per second"
    r"|compute unit|\bcu limit|capacity limit|request limit|usage limit|quota",
    re.IGNORECASE,
)
_BACKOFF = re.compile(r"backoff_seconds\W+(\d+(?:\.\d+)?)")
# A node that lags, has no history, or was asked a reversed range: fewer blocks don't help.
_NOT_SIZE = re.compile(
    r"beyond (?:the )?current head|extends beyond|invalid block range|archive", re.IGNORECASE
)
_TOO_MUCH = re.compile(
    r"block range|range (?:is )?too|range limit|range allowed|ranges over|limited to|at most"
    r"|too many (?:blocks|logs|results)|more than [\d,]+ (?:logs|results)|max (?:logs|results)"
    r"|exceeds (?:the )?limit|limit exceeded|max(?:imum)? range|maximum allowed"
    r"|response (?:size|is too|too)|(?:content|entity) too large|narrow your filter"
    r"|blocks distance|smaller than size",
    re.IGNORECASE,
)
_TIMED_OUT = re.compile(r"timed out|time.?out", re.IGNORECASE)
# A count of blocks: "10,000", "2K"; not one of logs or bytes.
_COUNT = (
    r"(\d[\d,.]*\s?k?)\b"
    r"(?![\d,.]*\s*(?:logs|results|bytes|addresses|topics|param|sec|ms\b|[kmg]b\b))"
)
_MAX_BLOCKS = [
    re.compile(words.replace("#", _COUNT), re.IGNORECASE)
    for words in (
        r"#[ -]blocks? range",
        r"limited to (?:an? )?#",
        r"max(?:imum)?(?: (?:allowed|number of|requested|blocks?|range))*:?(?: is| set to| of)* #",
        r"at most # blocks",
        r"(?:over|greater than|exceeds) # (?:blocks|max)",
        r"block range (?:exceeds|is greater than) #",
        r"range \d+ (?:exceeds|is bigger than)[a-z ]* limit(?: of)? #",
        r"\(\d+ > #\)",
        r"blocks distance:? #",
        r"smaller than size #",
        r"block range exceeds [^:]*: #",
    )
]
_SUGGESTED = (
    (re.compile(r"\[\s*0x([0-9a-f]{1,16})\s*,\s*0x([0-9a-f]{1,16})\s*\]", re.IGNORECASE), 16),
    (re.compile(r"\brange (\d{1,18})\s*-\s*(\d{1,18})\b", re.IGNORECASE), 10),
)


def range_limit(code: object, words: str, status: int = 200) -> RangeTooLarge | None:
    """What an error to eth_getLogs says about its range; None where it is about another thing.

    `words` is the error's message, with its data if it has any; `status` HTTP's.
    """
    if status == PAYLOAD_TOO_LARGE:
        return RangeTooLarge("HTTP 413")
    if rate_limit(code, words, status) is not None or _NOT_SIZE.search(words):
        return None
    if code not in RANGE_CODES and not _TOO_MUCH.search(words):
        return None
    suggested = _suggested(words)
    if suggested is not None:
        return RangeTooLarge(words, max_blocks=suggested[1] - suggested[0] + 1, suggested=suggested)
    return RangeTooLarge(words, max_blocks=_max_blocks(words))


def rate_limit(
    code: object, words: str, status: int = 200, retry_after: str | None = None
) -> RateLimited | None:
    """What an error says about being asked too often; `retry_after` is HTTP's header.

    A 503 that says when to come back is heard like a 429 (RFC 9110, 10.2.3).
    """
    told = status == TOO_MANY_REQUESTS or (status == UNAVAILABLE and retry_after is not None)
    if not told and code not in RATE_CODES and not _RATE.search(words):
        return None
    seconds = None if retry_after is None else retry_after_seconds(retry_after)
    if seconds is None and (said := _BACKOFF.search(words)):
        seconds = min(MAX_RETRY_AFTER_SECONDS, float(said[1]))
    return RateLimited(words, seconds)


def timed_out(words: str) -> bool:
    """Whether an error says that the node, or one behind it, took too long."""
    return _TIMED_OUT.search(words) is not None


def retry_after_seconds(header: str) -> float | None:
    """The pause that HTTP's Retry-After asks for, in seconds or as a date; bounded.

    None where it is neither.
    """
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(MAX_RETRY_AFTER_SECONDS, seconds) if seconds >= 0 else 0.0


def _suggested(words: str) -> tuple[int, int] | None:
    for pattern, base in _SUGGESTED:
        if said := pattern.search(words):
            first, last = int(said[1], base), int(said[2], base)
            if first <= last:
                return first, last
    return None


def _max_blocks(words: str) -> int | None:
    for pattern in _MAX_BLOCKS:
        if said := pattern.search(words):
            return _count(said[1]) or None
    return None


def _count(words: str) -> int:
    number = words.lower().strip()
    if number.endswith("k"):
        return int(float(number[:-1].replace(",", "")) * 1_000)
    return int(re.sub(r"[,.]", "", number))
