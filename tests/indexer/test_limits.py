"""The words of providers: each of these was answered by a real one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from indexer.chain.limits import (
    MAX_RETRY_AFTER_SECONDS,
    range_limit,
    rate_limit,
    retry_after_seconds,
    timed_out,
)

WORDS = json.loads(Path(__file__).with_name("provider_words.json").read_text())
# Who, the code, the words; then how many blocks they allow, or the range that they suggest.
TOO_LARGE: list[tuple[str, int, str, int | None]] = WORDS["too_large"]
SUGGESTED: list[tuple[str, int, str, list[int]]] = WORDS["suggested"]
TOO_OFTEN: list[tuple[int, str]] = WORDS["too_often"]
TIMED_OUT: list[tuple[str, int, str]] = WORDS["timed_out"]
ANOTHER_MATTER: list[tuple[int, str]] = WORDS["another_matter"]


@pytest.mark.parametrize(("who", "code", "words", "max_blocks"), TOO_LARGE)
def test_a_range_that_is_too_large_is_told(
    who: str, code: int, words: str, max_blocks: int | None
) -> None:
    told = range_limit(code, words)
    assert told is not None
    assert (told.max_blocks, told.suggested) == (max_blocks, None)


@pytest.mark.parametrize(("who", "code", "words", "suggested"), SUGGESTED)
def test_a_range_that_is_suggested_is_taken_for_its_size_too(
    who: str, code: int, words: str, suggested: list[int]
) -> None:
    told = range_limit(code, words)
    assert told is not None
    assert told.suggested == tuple(suggested)
    assert told.max_blocks == suggested[1] - suggested[0] + 1


@pytest.mark.parametrize(("code", "words"), TOO_OFTEN)
def test_asked_too_often_is_never_taken_for_asked_too_much(code: int, words: str) -> None:
    """Fewer blocks mean more questions: the opposite of what helps."""
    assert range_limit(code, words) is None
    assert rate_limit(code, words) is not None


@pytest.mark.parametrize(("code", "words"), ANOTHER_MATTER)
def test_other_errors_are_neither(code: int, words: str) -> None:
    assert range_limit(code, words) is None
    assert rate_limit(code, words) is None
    assert not timed_out(words)


@pytest.mark.parametrize(("_who", "code", "words", "_max_blocks"), TOO_LARGE)
def test_asked_too_much_is_never_taken_for_asked_too_often(
    _who: str, code: int, words: str, _max_blocks: int | None
) -> None:
    assert rate_limit(code, words) is None


@pytest.mark.parametrize(("who", "code", "words"), TIMED_OUT)
def test_what_took_too_long_is_told(who: str, code: int, words: str) -> None:
    """Without a word of size it may be another provider's luck: the pool goes on to the next."""
    assert timed_out(words)
    assert (range_limit(code, words) is None) is (who in ("arbitrum, time", "geth, time", "erpc"))


def test_a_suggestion_that_is_no_range_is_left_out() -> None:
    told = range_limit(-32005, "query returned more than 5 results: try [0x9, 0x2]")
    assert told is not None
    assert (told.max_blocks, told.suggested) == (None, None)


def test_http_says_it_without_words() -> None:
    assert range_limit(None, "", 413) is not None
    assert range_limit(None, "block range too large", 429) is None
    assert rate_limit(None, "", 429) is not None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("86400", MAX_RETRY_AFTER_SECONDS),
        ("inf", MAX_RETRY_AFTER_SECONDS),
        ("nan", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_and_bounded(header: str, seconds: float | None) -> None:
    assert retry_after_seconds(header) == seconds


def test_retry_after_may_be_a_date() -> None:
    at = datetime.now(UTC) + timedelta(seconds=30)
    assert retry_after_seconds(format_datetime(at, usegmt=True)) == pytest.approx(30, abs=2)
    naive = "Wed, 21 Oct 2099 07:28:00 -0000"  # no zone: taken for no date
    assert retry_after_seconds(naive) is None


def test_infura_says_how_long_to_wait_in_its_data() -> None:
    words = 'project ID request rate exceeded {"rate":{"allowed_rps":1,"backoff_seconds":24}}'
    told = rate_limit(-32005, words, 429)
    assert told is not None
    assert told.retry_after_seconds == 24
    told = rate_limit(-32005, words, 429, "3")
    assert told is not None
    assert told.retry_after_seconds == 3
