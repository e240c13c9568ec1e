"""What may be registered: exactly one language of labels; and where each label's node is."""

from __future__ import annotations

import string

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.domains.registry import (
    MIN_DURATION,
    ONE_LABEL,
    SECRET,
    TOP,
    YEAR,
    Registry,
    deploy_domains,
    namehash,
)
from tests.contracts.effort import effort

# From EIP-137, and one from the main network.
ETH = bytes.fromhex("93cdeb708b7545dc668eb9280176169d1c33cfd8ed6f04690a0bcc88a93fc4ae")
FOO_ETH = bytes.fromhex("de9b09fd7c5f901e23a3f19fecc54828e9c848539801e86591bd9801b019f84f")
VITALIK_ETH = bytes.fromhex("ee6c4522aab0003e8d14cd40a6af439055fd2577951148c14b6cea9a53475835")
GOOD = ["abc", "a-b", "123", "0x0", "a" * 63, "a-b-c-d", "ab-c--d", "abc--d", "a--b", "x" * 32]
SHAPES = {
    "empty": "",
    "too short": "ab",
    "too long": "a" * 64,
    "as long as a name": "a" * 255,
    "hyphen first": "-abc",
    "hyphen last": "abc-",
    "hyphen last of 32": "a" * 31 + "-",
    "hyphen last of 33": "a" * 32 + "-",
    "hyphen last of 63": "a" * 62 + "-",
    "only hyphens": "---",
    "encoded": "xn--bcher-kva",
    "encoded, and nothing else": "xn--",
    "any encoding": "ab--cd",
    "capital": "Abc",
    "capital last": "abC",
    "dot": "a.b",
    "under score": "a_b",
    "space": "a b",
    "null": "a\0b",
    "null last": "abc\0",
    "beyond ASCII": "büro",
    "homoglyph": "аlice",
    "zero width": "ali\u200bce",
    "capital at 33": "a" * 32 + "A" + "a" * 5,
    "capital at 63": "a" * 62 + "A",
}
CLOSE = "abcxyzn019-" + "`{/:.,_ AZ\0" + "éß–\u200d\U0001f600"
LABELS = (
    st.from_regex(ONE_LABEL, fullmatch=True, alphabet=string.printable)
    | st.text(string.ascii_lowercase + string.digits + "-", max_size=66)
    | st.text("xn-a", min_size=1, max_size=6)
    | st.text(CLOSE, max_size=40)
).filter(lambda label: len(label.encode()) <= 255)


@pytest.mark.parametrize("label", GOOD)
def test_a_good_label_is_available(registry: Registry, label: str) -> None:
    assert ONE_LABEL.fullmatch(label)
    assert registry.domains.available(label)
    assert registry.domains.price_of(label, YEAR) > 0


@pytest.mark.parametrize("label", SHAPES.values(), ids=SHAPES)
def test_a_bad_label_is_refused_by_name(registry: Registry, label: str) -> None:
    order = (label, registry.alice, YEAR, SECRET)
    assert not registry.domains.available(label)
    with boa.reverts("Domains: label not allowed"):
        registry.domains.commitment_of(*order)
    with boa.reverts("Domains: label not allowed"):
        registry.domains.register(*order, sender=registry.alice)
    with boa.reverts("Domains: label not allowed"):
        registry.domains.price_of(label, YEAR)


@effort(examples=400)
@given(label=LABELS)
def test_exactly_the_language_is_allowed(deployed_registry: Registry, label: str) -> None:
    expected = ONE_LABEL.fullmatch(label) is not None
    assert deployed_registry.domains.available(label) is expected


@pytest.mark.parametrize("position", [0, 1, 30, 31, 32, 33, 61, 62])
def test_every_byte_at_every_edge_of_a_word(deployed_registry: Registry, position: int) -> None:
    for code in range(128):
        label = "a" * position + chr(code) + "a" * (62 - position)
        expected = ONE_LABEL.fullmatch(label) is not None
        assert deployed_registry.domains.available(label) is expected, code


@effort(examples=50)
@given(label=st.from_regex(ONE_LABEL, fullmatch=True, alphabet=string.printable))
def test_a_labels_node_is_its_ens_namehash(deployed_registry: Registry, label: str) -> None:
    node = bytes(deployed_registry.domains.node_of(label))
    assert node == namehash(f"{label}.{TOP}")


def test_nodes_are_those_of_the_ens_itself(registry: Registry) -> None:
    other = deploy_domains(registry.world, top="eth")
    assert bytes(other.TOP_NODE()) == ETH
    assert bytes(other.node_of("foo")) == FOO_ETH
    assert bytes(other.node_of("vitalik")) == VITALIK_ETH
    assert bytes(registry.domains.TOP_NODE()) == namehash(TOP)


@pytest.mark.parametrize("top", ["", "de", "-dspace", "dspace-", "Dspace", "xn--abc", "a.b"])
def test_the_top_label_is_a_label_itself(registry: Registry, top: str) -> None:
    with boa.reverts("Domains: label not allowed"):
        deploy_domains(registry.world, top=top)


def test_renewing_what_was_never_registered__finds_no_name(registry: Registry) -> None:
    for label in ("nobody", "No Label", ""):
        with boa.reverts("Domains: no such name"):
            registry.domains.renew(label, MIN_DURATION, sender=registry.alice)
