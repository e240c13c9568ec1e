# pragma version 0.4.3
"""
@title Names
@license Apache-2.0
@author DecentraSpace
@notice Who owns which name: the words of all names, as ERC-721 tokens.
@dev A token is a name's node, read as a number. A name whose time is over has no owner here,
     also in its grace: it can't be sent or approved, and answers to nobody.
     `balanceOf` is a count kept at each change of hands, so an expired name is in it until someone
     else registers it.
     Every change of hands raises the name's version, the sending to oneself included: approvals
     and all that the name points to belong to a version.
     Not enumerable: the mirror lists names, and a registration costs a third.
"""

from ethereum.ercs import IERC165

from contracts.modules import name_word
from contracts.modules import roles

uses: roles

implements: IERC165


event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    token_id: indexed(uint256)


event Approval:
    owner: indexed(address)
    approved: indexed(address)
    token_id: indexed(uint256)


event ApprovalForAll:
    owner: indexed(address)
    operator: indexed(address)
    approved: bool


event NameTransferred:
    node: indexed(bytes32)
    owner: indexed(address)
    word: uint256


event BaseUriSet:
    base_uri: String[128]


RECEIVED: constant(Bytes[4]) = method_id("onERC721Received(address,address,uint256,bytes)")

# ERC-165, ERC-721, its metadata; ENS resolver profiles: addr, contenthash, text.
SUPPORTED: constant(bytes4[6]) = [
    0x01ffc9a7,
    0x80ac58cd,
    0x5b5e139f,
    0x3b3b57de,
    0xbc1c58d1,
    0x59d1d43c,
]

words: HashMap[bytes32, uint256]
balances: HashMap[address, uint256]
approvals: HashMap[bytes32, HashMap[uint256, address]]  # node, version
operators: HashMap[address, HashMap[address, bool]]
base_uri: public(String[128])


# ---------------------------------------------------------------- tokens


@external
def transferFrom(owner: address, to: address, token_id: uint256):
    """
    @notice Sends a name away; what it points to is cleared.
    @param owner The 20-byte address of its owner.
    @param to The 20-byte address that receives it.
    @param token_id The node as a number.
    """
    self._transfer(owner, to, token_id)


@external
def safeTransferFrom(owner: address, to: address, token_id: uint256, data: Bytes[1024] = b""):
    """
    @notice Sends a name away, to a contract only if that takes ERC-721 tokens.
    @param owner The 20-byte address of its owner.
    @param to The 20-byte address that receives it.
    @param token_id The node as a number.
    @param data What the receiving contract is told.
    """
    self._transfer(owner, to, token_id)
    if to.is_contract:
        success: bool = False
        answer: Bytes[32] = b""
        success, answer = raw_call(
            to,
            abi_encode(msg.sender, owner, token_id, data, method_id=RECEIVED),
            max_outsize=32,
            revert_on_failure=False,
        )
        assert success and answer == abi_encode(
            convert(RECEIVED, bytes4)
        ), "Domains: receiver refuses"


@external
def approve(approved: address, token_id: uint256):
    """
    @notice Lets another account send this name away, once.
    @param approved The 20-byte address; the zero address takes it back.
    @param token_id The node as a number.
    """
    node: bytes32 = convert(token_id, bytes32)
    name: name_word.Name = self._registered(node)
    assert self._is_controller(name, msg.sender), "Domains: not your name"
    self.approvals[node][name.version] = approved
    log Approval(owner=name.owner, approved=approved, token_id=token_id)


@external
def setApprovalForAll(operator: address, approved: bool):
    """
    @notice Lets another account act for the caller: send names away and set their records.
    @param operator The 20-byte address.
    @param approved Whether it may.
    """
    self.operators[msg.sender][operator] = approved
    log ApprovalForAll(owner=msg.sender, operator=operator, approved=approved)


# ---------------------------------------------------------------- views


@external
@pure
def name() -> String[32]:
    """
    @notice What all these tokens are called.
    @return String[32] The collection's name.
    """
    return "DecentraSpace names"


@external
@pure
def symbol() -> String[32]:
    """
    @notice What all these tokens are called in short.
    @return String[32] The collection's symbol.
    """
    return "DSPACE"


@external
@view
def ownerOf(token_id: uint256) -> address:
    """
    @notice The owner of a name whose time is not over; reverts for any other.
    @param token_id The node as a number.
    @return address The 20-byte address.
    """
    return self._registered(convert(token_id, bytes32)).owner


@external
@view
def balanceOf(owner: address) -> uint256:
    """
    @notice How many names came to an account and didn't go to another; expired ones are in it.
    @param owner The 20-byte address.
    @return uint256 A count.
    """
    assert owner != empty(address), "Domains: nobody owns nothing"
    return self.balances[owner]


@external
@view
def getApproved(token_id: uint256) -> address:
    """
    @notice Who may send a name away besides its owner and the owner's operators.
    @param token_id The node as a number.
    @return address The 20-byte address; zero for nobody.
    """
    node: bytes32 = convert(token_id, bytes32)
    return self.approvals[node][self._registered(node).version]


@external
@view
def isApprovedForAll(owner: address, operator: address) -> bool:
    """
    @notice Whether an account may act for another.
    @param owner The 20-byte address acted for.
    @param operator The 20-byte address that acts.
    @return bool Whether it may.
    """
    return self.operators[owner][operator]


@external
@view
def tokenURI(token_id: uint256) -> String[206]:
    """
    @notice Where a name's metadata are: the base and the token's number.
    @param token_id The node as a number.
    @return String[206] The address; empty where no base is set.
    """
    self._registered(convert(token_id, bytes32))
    if len(self.base_uri) == 0:
        return ""
    return concat(self.base_uri, uint2str(token_id))


@external
@view
def supportsInterface(interface_id: bytes4) -> bool:
    """
    @notice ERC-165.
    @param interface_id The interface's 4 bytes.
    @return bool Whether all of its functions are here.
    """
    return interface_id in SUPPORTED


# ---------------------------------------------------------------- admin


@external
def set_base_uri(base_uri: String[128]):
    """
    @notice Sets what every token's URI begins with. For the admin.
    @param base_uri The beginning, to its last slash.
    """
    roles._check_admin()
    self.base_uri = base_uri
    log BaseUriSet(base_uri=base_uri)


# ---------------------------------------------------------------- internal


@internal
def _give(node: bytes32, name: name_word.Name, owner: address, expires_at: uint256) -> uint256:
    """
    @dev Registers a free name; one that someone had before is taken off them.
    @param node The 32-byte node.
    @param name What is stored of it.
    @param owner The 20-byte address of the new owner.
    @param expires_at The unix second at which its time is over.
    @return uint256 The resulting word.
    """
    version: uint256 = 0
    token_id: uint256 = convert(node, uint256)
    if name.owner != empty(address):
        version = name.version + 1
        self.balances[name.owner] -= 1
        log Transfer(sender=name.owner, receiver=empty(address), token_id=token_id)
    self.balances[owner] += 1
    log Transfer(sender=empty(address), receiver=owner, token_id=token_id)
    return self._save(
        node,
        name_word.Name(owner=owner, expires_at=expires_at, service=0, version=version, format=0),
    )


@internal
def _transfer(owner: address, to: address, token_id: uint256):
    node: bytes32 = convert(token_id, bytes32)
    name: name_word.Name = self._registered(node)
    assert name.owner == owner, "Domains: not the owner"
    assert (
        self._is_controller(name, msg.sender) or self.approvals[node][name.version] == msg.sender
    ), "Domains: not your name"
    assert to != empty(address) and to != self, "Domains: no such receiver"
    assert name.version < name_word.MOST_SENT, "Domains: sent too often"
    self.balances[owner] -= 1
    self.balances[to] += 1
    name.owner = to
    name.version += 1
    name.service = 0
    name.format = 0
    word: uint256 = self._save(node, name)
    log Transfer(sender=owner, receiver=to, token_id=token_id)
    log NameTransferred(node=node, owner=to, word=word)


@internal
def _save(node: bytes32, name: name_word.Name) -> uint256:
    word: uint256 = name_word._pack(name)
    self.words[node] = word
    return word


@internal
@view
def _load(node: bytes32) -> name_word.Name:
    """
    @dev A name as it is stored, whatever became of it.
    """
    return name_word._unpack(self.words[node])


@internal
@view
def _registered(node: bytes32) -> name_word.Name:
    """
    @dev A name whose time is not over.
    """
    name: name_word.Name = self._load(node)
    if not name_word._is_registered(name.expires_at, block.timestamp):
        assert not name_word._is_free(name.expires_at, block.timestamp), "Domains: no such name"
        raise "Domains: name has expired"
    return name


@internal
@view
def _controlled(node: bytes32) -> name_word.Name:
    """
    @dev A name whose time is not over, of the caller or of one whose operator the caller is.
    """
    name: name_word.Name = self._registered(node)
    assert self._is_controller(name, msg.sender), "Domains: not your name"
    return name


@internal
@view
def _is_controller(name: name_word.Name, account: address) -> bool:
    return name.owner == account or self.operators[name.owner][account]
