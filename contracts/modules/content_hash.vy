# pragma version 0.4.3
"""
@title Content hashes
@license Apache-2.0
@author DecentraSpace
@notice The common ENSIP-7 content hashes, told apart by a prefix and a digest of 32 bytes: one
        storage slot instead of three.
@dev Formats, as the name's word keeps them:

        0  UNSET
        1  IPFS_DAG_PB  a directory or file on IPFS  e3010170 1220, digest
        2  IPFS_RAW     one raw block on IPFS        e3010155 1220, digest
        3  ARWEAVE      a transaction on Arweave     90b2ca05, its id
        4  OTHER        anything else                stored as it is
"""

UNSET: constant(uint256) = 0
IPFS_DAG_PB: constant(uint256) = 1
IPFS_RAW: constant(uint256) = 2
ARWEAVE: constant(uint256) = 3
OTHER: constant(uint256) = 4

IPFS_DAG_PB_PREFIX: constant(Bytes[6]) = x"e30101701220"
IPFS_RAW_PREFIX: constant(Bytes[6]) = x"e30101551220"
ARWEAVE_PREFIX: constant(Bytes[4]) = x"90b2ca05"
IPFS_LENGTH: constant(uint256) = 38
ARWEAVE_LENGTH: constant(uint256) = 36


@internal
@pure
def _split(hash: Bytes[128]) -> (uint256, bytes32):
    """
    @dev Recognises a content hash.
    @param hash The ENSIP-7 bytes.
    @return uint256 Its format.
    @return bytes32 Its digest; empty where the format has none.
    """
    length: uint256 = len(hash)
    if length == 0:
        return UNSET, empty(bytes32)
    if length == IPFS_LENGTH:
        prefix: Bytes[6] = slice(hash, 0, 6)
        if prefix == IPFS_DAG_PB_PREFIX:
            return IPFS_DAG_PB, extract32(hash, 6)
        if prefix == IPFS_RAW_PREFIX:
            return IPFS_RAW, extract32(hash, 6)
    if length == ARWEAVE_LENGTH and slice(hash, 0, 4) == ARWEAVE_PREFIX:
        return ARWEAVE, extract32(hash, 4)
    return OTHER, empty(bytes32)


@internal
@pure
def _join(format: uint256, digest: bytes32) -> Bytes[128]:
    """
    @dev Puts a content hash together again; the inverse of `_split`.
    @param format One that has a digest.
    @param digest Its 32 bytes.
    @return Bytes[128] The ENSIP-7 bytes.
    """
    if format == IPFS_DAG_PB:
        return concat(IPFS_DAG_PB_PREFIX, digest)
    if format == IPFS_RAW:
        return concat(IPFS_RAW_PREFIX, digest)
    return concat(ARWEAVE_PREFIX, digest)
