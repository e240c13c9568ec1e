# pragma version 0.4.3
"""
@title Domains
@license Apache-2.0
@author DecentraSpace
@notice Names under the platform's top label: registered by commit and reveal, paid in credit,
        owned as ERC-721 tokens, pointing to content, accounts, texts and services.
@dev A name is its ENS node (namehash). What a name is stands in one word
     (`modules/name_word.vy`); the rest stands in the module of its concern:

        labels   what may be registered          names    owners, ERC-721
        pricing  what it costs, the switch       records  what a name points to
        dns      whose a name of the DNS is      roles    admin, verifier, pauser

     Here: commitments, registration, renewal, and links to services.
     No role can take, move or freeze a name, or set what it points to. The caller pays, from
     its own account in Credits, and only by calling.
"""

from contracts.interfaces import ICredits
from contracts.interfaces import IHosting
from contracts.modules import dns
from contracts.modules import labels
from contracts.modules import name_word
from contracts.modules import names
from contracts.modules import pricing
from contracts.modules import records
from contracts.modules import roles
from contracts.modules import service_word

initializes: roles
initializes: names[roles := roles]
initializes: records[names := names]
initializes: pricing[roles := roles]
initializes: dns[roles := roles]

exports: (
    roles.accept_admin,
    roles.admin,
    roles.propose_admin,
    roles.proposed_admin,
    roles.roles_of,
    roles.set_roles,
)

exports: (
    names.approve,
    names.balanceOf,
    names.base_uri,
    names.getApproved,
    names.isApprovedForAll,
    names.name,
    names.ownerOf,
    names.safeTransferFrom,
    names.setApprovalForAll,
    names.set_base_uri,
    names.supportsInterface,
    names.symbol,
    names.tokenURI,
    names.transferFrom,
)

exports: (
    records.addr,
    records.contenthash,
    records.set_addr,
    records.set_contenthash,
    records.set_text,
    records.text,
)

exports: (
    pricing.prices,
    pricing.registering,
    pricing.set_prices,
    pricing.set_registering,
)

exports: (
    dns.attest_dns,
    dns.claim_dns,
    dns.dns_of,
    dns.revoke_dns,
)


# ---------------------------------------------------------------- events


event DomainsDeployed:
    top_node: indexed(bytes32)
    top_label: String[63]
    credits: address
    hosting: address


event Committed:
    commitment: indexed(bytes32)
    committed_at: uint256


event NameRegistered:
    node: indexed(bytes32)
    owner: indexed(address)
    payer: indexed(address)
    label: String[255]
    price: uint256
    word: uint256


event NameRenewed:
    node: indexed(bytes32)
    word: uint256


event NameLinked:
    node: indexed(bytes32)
    owner: indexed(address)
    service: indexed(uint256)
    word: uint256


# ---------------------------------------------------------------- constants and storage


DAY: constant(uint256) = 86_400  # seconds
MIN_COMMITMENT_AGE: constant(uint256) = 60  # seconds: no reveal can be overtaken
MAX_COMMITMENT_AGE: constant(uint256) = DAY

CREDITS: public(immutable(address))
HOSTING: public(immutable(address))
TOP_NODE: public(immutable(bytes32))

commitments: public(HashMap[bytes32, uint256])  # unix seconds of when each was made


@deploy
def __init__(credits: address, hosting: address, top_label: String[63], yearly: uint256[3]):
    """
    @notice The deployer becomes the admin.
    @param credits The 20-byte address of Credits, which must register this contract as a meter.
    @param hosting The 20-byte address of Hosting.
    @param top_label What all names stand under.
    @param yearly nano credit a year, for labels of 3, 4, and 5 or more characters.
    """
    assert labels._is_allowed(top_label), "Domains: label not allowed"
    assert credits.is_contract and hosting.is_contract, "Domains: no such contract"
    roles.__init__()
    pricing.__init__(yearly)
    dns.__init__(keccak256(top_label))
    CREDITS = credits
    HOSTING = hosting
    TOP_NODE = labels._node(empty(bytes32), keccak256(top_label))
    log DomainsDeployed(top_node=TOP_NODE, top_label=top_label, credits=credits, hosting=hosting)


# ---------------------------------------------------------------- registration


@external
def commit(commitment: bytes32):
    """
    @notice Makes sure of a name without telling which: the first of two steps.
    @dev One that still counts can't be made anew, so nobody can make another's younger.
    @param commitment The 32 bytes that `commitment_of` gives.
    """
    made_at: uint256 = self.commitments[commitment]
    assert block.timestamp > made_at + MAX_COMMITMENT_AGE, "Domains: already committed"
    self.commitments[commitment] = block.timestamp
    log Committed(commitment=commitment, committed_at=block.timestamp)


@external
def register(label: String[255], owner: address, duration: uint256, secret: bytes32) -> bytes32:
    """
    @notice Registers a free name, from a minute until a day after its commitment; the caller pays
            what it cost at the commitment or costs now, whichever is less, and the premium.
    @param label The label alone: 3 to 63 of a-z, 0-9 and the hyphen.
    @param owner The 20-byte address that will own the name.
    @param duration Seconds from now, at least 28 days and at most 10 years.
    @param secret The 32 bytes that the commitment was made with.
    @return bytes32 The name's node.
    """
    label_hash: bytes32 = self._checked(label, owner, duration)
    word: uint256 = pricing.word
    assert not pricing._is_closed(word), "Domains: registering is stopped"
    committed_at: uint256 = self._use_commitment(
        self._commitment(label_hash, owner, duration, secret)
    )
    node: bytes32 = labels._node(TOP_NODE, label_hash)
    before: name_word.Name = names._load(node)
    assert name_word._is_free(before.expires_at, block.timestamp), "Domains: name is taken"
    price: uint256 = min(
        pricing._cost(word, len(label), duration, committed_at),
        pricing._cost(word, len(label), duration, block.timestamp),
    ) + pricing._premium(name_word._freed_at(before.expires_at))
    resulting: uint256 = names._give(node, before, owner, block.timestamp + duration)
    log NameRegistered(
        node=node, owner=owner, payer=msg.sender, label=label, price=price, word=resulting
    )
    extcall ICredits(CREDITS).spend(msg.sender, price, node, skip_contract_check=True)
    return node


@external
def renew(label: String[255], duration: uint256):
    """
    @notice Gives a name more time, in its grace too; anyone may, and pays.
    @param label The label alone.
    @param duration Seconds from when its time is over, at least 28 days; it must reach beyond
           now, and not beyond 10 years from now.
    """
    node: bytes32 = labels._node(TOP_NODE, keccak256(label))
    word: uint256 = name_word._renewed(names.words[node], duration, block.timestamp)
    names.words[node] = word
    price: uint256 = pricing._cost(pricing.word, len(label), duration, block.timestamp)
    log NameRenewed(node=node, word=word)
    extcall ICredits(CREDITS).spend(msg.sender, price, node, skip_contract_check=True)


# ---------------------------------------------------------------- services


@external
def link(node: bytes32, service_id: uint256):
    """
    @notice Lets a name serve one of the caller's services.
    @param node The 32-byte node of the caller's name.
    @param service_id The number of a service of the caller that has not ended.
    """
    name: name_word.Name = self._owned(node)
    service: service_word.Service = staticcall IHosting(HOSTING).service_of(service_id)
    assert service.owner == msg.sender, "Domains: not your service"
    assert (
        staticcall IHosting(HOSTING).state_of(service_id) != service_word.STOPPED
    ), "Domains: service has ended"
    self._link(node, name, service_id)


@external
def unlink(node: bytes32):
    """
    @notice Takes the service off a name.
    @param node The 32-byte node of the caller's name.
    """
    name: name_word.Name = self._owned(node)
    assert name.service != 0, "Domains: not linked"
    self._link(node, name, 0)


# ---------------------------------------------------------------- views


@external
@view
def commitment_of(
    label: String[255], owner: address, duration: uint256, secret: bytes32
) -> bytes32:
    """
    @notice What to commit to before registering; refuses what `register` would refuse for ever.
    @param label The label alone.
    @param owner The 20-byte address that will own the name.
    @param duration Seconds.
    @param secret 32 random bytes, kept until the name is registered.
    @return bytes32 The commitment.
    """
    return self._commitment(self._checked(label, owner, duration), owner, duration, secret)


@external
@view
def price_of(label: String[255], duration: uint256) -> uint256:
    """
    @notice What registering or renewing a name costs now, the premium of a name that has just
            become free included.
    @param label The label alone.
    @param duration Seconds, at least 28 days and at most 10 years.
    @return uint256 nano credit.
    """
    assert labels._is_allowed(label), "Domains: label not allowed"
    self._check_duration(duration)
    name: name_word.Name = names._load(self._node_of(label))
    price: uint256 = pricing._cost(pricing.word, len(label), duration, block.timestamp)
    if name_word._is_free(name.expires_at, block.timestamp):
        price += pricing._premium(name_word._freed_at(name.expires_at))
    return price


@external
@view
def available(label: String[255]) -> bool:
    """
    @notice Whether a label is allowed and free.
    @param label The label alone.
    @return bool Whether it could be registered now.
    """
    if not labels._is_allowed(label):
        return False
    name: name_word.Name = names._load(self._node_of(label))
    return name_word._is_free(name.expires_at, block.timestamp)


@external
@view
def node_of(label: String[255]) -> bytes32:
    """
    @notice The ENS namehash of a label under the top label.
    @param label The label alone.
    @return bytes32 The node.
    """
    return self._node_of(label)


@external
@view
def name_of(node: bytes32) -> name_word.Name:
    """
    @notice A name as it is stored, whatever became of it since.
    @param node The 32-byte node.
    @return Name owner, expires_at (unix seconds), service (as linked; 0 for none), version
            (counts its changes of hands), format (of its content hash); all 0 for a name that
            nobody ever registered.
    """
    return names._load(node)


@external
@view
def link_of(node: bytes32) -> uint256:
    """
    @notice The service that a name serves: linked, with the name's time not over, and name and
            service still of one owner.
    @param node The 32-byte node.
    @return uint256 The service's number; 0 for none.
    """
    name: name_word.Name = names._load(node)
    if name.service == 0 or not name_word._is_registered(name.expires_at, block.timestamp):
        return 0
    service: service_word.Service = staticcall IHosting(HOSTING).service_of(name.service)
    if service.owner != name.owner:
        return 0
    return name.service


# ---------------------------------------------------------------- internal


@internal
def _use_commitment(commitment: bytes32) -> uint256:
    """
    @return uint256 The unix second at which it was made.
    """
    made_at: uint256 = self.commitments[commitment]
    assert made_at != 0, "Domains: no commitment"
    assert block.timestamp >= made_at + MIN_COMMITMENT_AGE, "Domains: commitment too young"
    assert block.timestamp <= made_at + MAX_COMMITMENT_AGE, "Domains: commitment too old"
    self.commitments[commitment] = 0
    log Committed(commitment=commitment, committed_at=0)
    return made_at


@internal
def _link(node: bytes32, name: name_word.Name, service_id: uint256):
    linked: name_word.Name = name
    linked.service = service_id
    word: uint256 = names._save(node, linked)
    log NameLinked(node=node, owner=name.owner, service=service_id, word=word)


@internal
@view
def _owned(node: bytes32) -> name_word.Name:
    """
    @dev Not an operator's: a service is served in its owner's name.
    """
    name: name_word.Name = names._registered(node)
    assert name.owner == msg.sender, "Domains: not your name"
    return name


@internal
@view
def _checked(label: String[255], owner: address, duration: uint256) -> bytes32:
    assert labels._is_allowed(label), "Domains: label not allowed"
    assert owner != empty(address) and owner != self, "Domains: no such receiver"
    self._check_duration(duration)
    return keccak256(label)


@internal
@pure
def _check_duration(duration: uint256):
    assert duration >= name_word.MIN_DURATION, "Domains: duration too short"
    assert duration <= name_word.MAX_AHEAD, "Domains: duration too long"


@internal
@pure
def _commitment(label_hash: bytes32, owner: address, duration: uint256, secret: bytes32) -> bytes32:
    return keccak256(abi_encode(label_hash, owner, duration, secret))


@internal
@view
def _node_of(label: String[255]) -> bytes32:
    return labels._node(TOP_NODE, keccak256(label))
