# pragma version 0.4.3
"""
@title DNS names
@license Apache-2.0
@author DecentraSpace
@notice Whose a name of the public DNS is, as the verifier saw it in the name's TXT record.
@dev An attestation runs out by itself: a name that was sold or lost is nobody's here unless it is
     attested anew. A claim says only that a wallet wants the name; it gives nothing.
     The attested owner and the second it runs out stand in one word, by the name's keccak256;
     the word is 0 where nothing is attested.
"""

from contracts.modules import labels
from contracts.modules import roles

uses: roles


event DnsClaimed:
    name_hash: indexed(bytes32)
    claimant: indexed(address)
    name: String[255]


event DnsAttested:
    name_hash: indexed(bytes32)
    owner: indexed(address)
    name: String[255]
    until: uint256


event DnsRevoked:
    name_hash: indexed(bytes32)
    owner: indexed(address)
    name: String[255]


DAY: constant(uint256) = 86_400  # seconds
MAX_ATTESTED: constant(uint256) = 400 * DAY  # bounds what a stolen verifier's key leaves behind
UNTIL_AT: constant(uint256) = 160

TOP_HASH: immutable(bytes32)  # of the platform's own top label, under which no name is DNS

words: HashMap[bytes32, uint256]


@deploy
def __init__(top_hash: bytes32):
    """
    @param top_hash The 32-byte keccak256 of the platform's own top label.
    """
    TOP_HASH = top_hash


@external
def claim_dns(name: String[255]):
    """
    @notice Asks the verifier to look for the caller's address in a DNS name's TXT record.
    @param name The name in lower case, without a dot at its end; encoded (`xn--`) where needed.
    """
    log DnsClaimed(name_hash=self._name_hash(name), claimant=msg.sender, name=name)


@external
def attest_dns(name: String[255], owner: address, until: uint256):
    """
    @notice Says whose a DNS name is; takes the place of what was said before. For verifiers.
    @param name The name in lower case.
    @param owner The 20-byte address that the name's TXT record named.
    @param until The unix second from which it counts no more, at most 400 days ahead.
    """
    roles._check_role(roles.Role.VERIFIER)
    name_hash: bytes32 = self._name_hash(name)
    assert owner != empty(address), "Domains: attested for nobody"
    assert until > block.timestamp, "Domains: until has passed"
    assert until <= block.timestamp + MAX_ATTESTED, "Domains: until too far ahead"
    self.words[name_hash] = convert(owner, uint256) | (until << UNTIL_AT)
    log DnsAttested(name_hash=name_hash, owner=owner, name=name, until=until)


@external
def revoke_dns(name: String[255]):
    """
    @notice Ends an attestation. For its owner and for verifiers.
    @param name The name in lower case.
    """
    name_hash: bytes32 = self._name_hash(name)
    owner: address = self._owner(self.words[name_hash])
    assert owner != empty(address), "Domains: not attested"
    if owner != msg.sender:
        roles._check_role(roles.Role.VERIFIER)
    self.words[name_hash] = 0
    log DnsRevoked(name_hash=name_hash, owner=owner, name=name)


@external
@view
def dns_of(name: String[255]) -> (address, uint256):
    """
    @notice Whose a DNS name is.
    @param name The name in lower case.
    @return address The 20-byte address; zero where nothing is attested, or no more.
    @return uint256 The unix second until which it counts; 0 for none.
    """
    word: uint256 = self.words[keccak256(name)]
    owner: address = self._owner(word)
    if owner == empty(address):
        return owner, 0
    return owner, word >> UNTIL_AT


@internal
@view
def _owner(word: uint256) -> address:
    if block.timestamp >= word >> UNTIL_AT:
        return empty(address)
    return convert(word & (2**UNTIL_AT - 1), address)


@internal
@view
def _name_hash(name: String[255]) -> bytes32:
    """
    @dev Refuses what is no DNS name, and what stands under the platform's own top label.
    """
    top_at: uint256 = labels._dns_top_at(name)
    assert top_at != 0, "Domains: no DNS name"
    top: String[255] = slice(name, top_at, len(name) - top_at)
    assert keccak256(top) != TOP_HASH, "Domains: no DNS name"
    return keccak256(name)
