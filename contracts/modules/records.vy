# pragma version 0.4.3
"""
@title Records
@license Apache-2.0
@author DecentraSpace
@notice What a name points to: content, an account, texts. The views are those of ENS resolvers.
@dev A record belongs to a version of its name: when the name changes hands, by transfer or by
     expiry and new registration, nothing of it is left, whatever its size. A name whose time is
     over answers as if it had none; renewed in grace it has them again.
     The owner sets records, or an operator that the owner approved for all.
"""

from contracts.modules import content_hash
from contracts.modules import name_word
from contracts.modules import names

uses: names


event ContenthashSet:
    node: indexed(bytes32)
    owner: indexed(address)
    hash: Bytes[128]
    word: uint256


event AddrSet:
    node: indexed(bytes32)
    owner: indexed(address)
    account: address
    version: uint256


event TextSet:
    node: indexed(bytes32)
    owner: indexed(address)
    key_hash: indexed(bytes32)
    key: String[64]
    value: String[512]
    version: uint256


# Of the version whose format is in the name's word: a fresh version's format is none.
digests: HashMap[bytes32, bytes32]
hashes: HashMap[bytes32, Bytes[128]]
# By node and version.
addrs: HashMap[bytes32, HashMap[uint256, address]]
texts: HashMap[bytes32, HashMap[uint256, HashMap[String[64], String[512]]]]


@external
def set_contenthash(node: bytes32, hash: Bytes[128]):
    """
    @notice Sets the content that a name points to.
    @param node The 32-byte node of the caller's name.
    @param hash ENSIP-7 bytes: a protocol and an address in it; none clears it.
    """
    name: name_word.Name = names._controlled(node)
    format: uint256 = 0
    digest: bytes32 = empty(bytes32)
    format, digest = content_hash._split(hash)
    if format == content_hash.OTHER:
        self.hashes[node] = hash
    elif format != content_hash.UNSET:
        self.digests[node] = digest
    if format != name.format:
        name.format = format
        names._save(node, name)
    log ContenthashSet(node=node, owner=name.owner, hash=hash, word=name_word._pack(name))


@external
def set_addr(node: bytes32, account: address):
    """
    @notice Sets the account that a name stands for.
    @param node The 32-byte node of the caller's name.
    @param account The 20-byte address; the zero address clears it.
    """
    name: name_word.Name = names._controlled(node)
    self.addrs[node][name.version] = account
    log AddrSet(node=node, owner=name.owner, account=account, version=name.version)


@external
def set_text(node: bytes32, key: String[64], new_value: String[512]):
    """
    @notice Sets a text about a name (ENSIP-5).
    @param node The 32-byte node of the caller's name.
    @param key What the text is: `url`, `description`, `avatar`, …
    @param new_value The text; an empty one clears it.
    """
    assert len(key) != 0, "Domains: text without a key"
    name: name_word.Name = names._controlled(node)
    self.texts[node][name.version][key] = new_value
    log TextSet(
        node=node,
        owner=name.owner,
        key_hash=keccak256(key),
        key=key,
        value=new_value,
        version=name.version,
    )


@external
@view
def contenthash(node: bytes32) -> Bytes[128]:
    """
    @notice The content that a name points to.
    @param node The 32-byte node.
    @return Bytes[128] ENSIP-7 bytes; empty for none, and for a name whose time is over.
    """
    name: name_word.Name = names._load(node)
    if name.format == content_hash.UNSET:
        return b""
    if not name_word._is_registered(name.expires_at, block.timestamp):
        return b""
    if name.format == content_hash.OTHER:
        return self.hashes[node]
    return content_hash._join(name.format, self.digests[node])


@external
@view
def addr(node: bytes32) -> address:
    """
    @notice The account that a name stands for.
    @param node The 32-byte node.
    @return address The 20-byte address; zero for none, and for a name whose time is over.
    """
    name: name_word.Name = names._load(node)
    if not name_word._is_registered(name.expires_at, block.timestamp):
        return empty(address)
    return self.addrs[node][name.version]


@external
@view
def text(node: bytes32, key: String[64]) -> String[512]:
    """
    @notice A text about a name.
    @param node The 32-byte node.
    @param key What the text is.
    @return String[512] The text; empty for none, and for a name whose time is over.
    """
    name: name_word.Name = names._load(node)
    if not name_word._is_registered(name.expires_at, block.timestamp):
        return ""
    return self.texts[node][name.version][key]
