# pragma version 0.4.3
"""
@title Labels
@license Apache-2.0
@author DecentraSpace
@notice What may be registered, what counts as a DNS name, and how a label becomes a node.
@dev One label, a subset of ENSIP-15 (an allowed label is its own normal form) and of a host
     name's label (RFC 1123):

        3 to 63 characters of a-z, 0-9 and the hyphen
        no hyphen first or last
        no hyphens third and fourth: `xn--` and its kin announce encodings (RFC 5891)

     A DNS name is at most 253 characters of at least two labels of 1 to 63, joined by dots; its
     last one begins with a letter, so that no IP address is one. Encoded labels (`xn--`) are
     allowed there.
"""

MIN_LENGTH: constant(uint256) = 3
MAX_LENGTH: constant(uint256) = 63
MAX_DNS_LENGTH: constant(uint256) = 253

HYPHEN: constant(uint256) = 45
DOT: constant(uint256) = 46
LOWER_A: constant(uint256) = 97
# A bit for each character code that is allowed: a-z, 0-9 and the hyphen.
ALLOWED: constant(uint256) = (2**26 - 1) * 2**97 + (2**10 - 1) * 2**48 + 2**45
# Hyphens as the third and fourth of 32 characters.
ENCODED_MASK: constant(uint256) = (2**16 - 1) * 2**224
ENCODED: constant(uint256) = (45 * 2**8 + 45) * 2**224

ZEROS: constant(Bytes[32]) = (x"0000000000000000000000000000000000000000000000000000000000000000")


@internal
@pure
def _is_allowed(label: String[255]) -> bool:
    """
    @dev Whether a label may be registered.
    @param label The label alone, without a dot.
    @return bool Whether it may.
    """
    length: uint256 = len(label)
    if length < MIN_LENGTH or length > MAX_LENGTH:
        return False
    characters: Bytes[319] = concat(convert(label, Bytes[255]), ZEROS, ZEROS)
    word: uint256 = convert(extract32(characters, 0), uint256)
    if word >> 248 == HYPHEN or word & ENCODED_MASK == ENCODED:
        return False
    character: uint256 = 0
    for i: uint256 in range(length, bound=MAX_LENGTH):
        if i == 32:
            word = convert(extract32(characters, 32), uint256)
        character = word >> 248
        if (ALLOWED >> character) & 1 == 0:
            return False
        word <<= 8
    return character != HYPHEN


@internal
@pure
def _dns_top_at(name: String[255]) -> uint256:
    """
    @dev Where the last label of a DNS name begins.
    @param name The name, without a dot at its end.
    @return uint256 An index, above 0; 0 for what is no DNS name.
    """
    length: uint256 = len(name)
    if length > MAX_DNS_LENGTH:
        return 0
    characters: Bytes[287] = concat(convert(name, Bytes[255]), ZEROS)
    top_at: uint256 = 0
    before: uint256 = DOT
    for i: uint256 in range(length, bound=MAX_DNS_LENGTH):
        character: uint256 = convert(extract32(characters, i), uint256) >> 248
        if character == DOT:
            if before == DOT or before == HYPHEN or i - top_at > MAX_LENGTH:
                return 0
            top_at = i + 1
        elif (ALLOWED >> character) & 1 == 0:
            return 0
        elif character == HYPHEN and before == DOT:
            return 0
        before = character
    if before == DOT or before == HYPHEN or length - top_at > MAX_LENGTH:
        return 0
    if convert(extract32(characters, top_at), uint256) >> 248 < LOWER_A:
        return 0
    return top_at


@internal
@pure
def _node(parent: bytes32, label_hash: bytes32) -> bytes32:
    """
    @dev One step of the ENS namehash (ENSIP-1).
    @param parent The 32-byte node that the label stands under.
    @param label_hash The 32-byte keccak256 of the label.
    @return bytes32 The node.
    """
    return keccak256(abi_encode(parent, label_hash))
