# pragma version 0.4.3
"""
@title Roles
@license Apache-2.0
@author DecentraSpace
@notice One admin, handed over in two steps, and the roles that it grants and revokes.
@dev An account's roles are a bit set; every change emits the whole resulting set.
     Admin is no bit: it is one address, and it is the only one who can change roles.
"""


event RolesChanged:
    account: indexed(address)
    roles: uint256


event AdminProposed:
    proposed: indexed(address)


event AdminChanged:
    admin: indexed(address)


flag Role:
    GRANTER
    SETTLER
    VERIFIER
    MODERATOR
    PAUSER

ROLES_BITS: constant(uint256) = 5

admin: public(address)
proposed_admin: public(address)
roles_of: public(HashMap[address, uint256])


@deploy
def __init__():
    self.admin = msg.sender
    log AdminChanged(admin=msg.sender)


@external
def propose_admin(proposed: address):
    """
    @notice Offers the admin role to another account, which takes it with `accept_admin`.
    @param proposed The 20-byte address offered to; the zero address withdraws an offer.
    """
    self._check_admin()
    self.proposed_admin = proposed
    log AdminProposed(proposed=proposed)


@external
def accept_admin():
    """
    @notice Takes the admin role that was offered to the caller.
    """
    assert msg.sender == self.proposed_admin, "Roles: not the proposed admin"
    self.proposed_admin = empty(address)
    self.admin = msg.sender
    log AdminChanged(admin=msg.sender)


@external
def set_roles(account: address, roles: uint256):
    """
    @notice Sets all roles of an account at once.
    @param account The 20-byte address.
    @param roles The bit set: 1 granter, 2 settler, 4 verifier, 8 moderator, 16 pauser.
    """
    self._check_admin()
    assert roles < 2**ROLES_BITS, "Roles: unknown role"
    self.roles_of[account] = roles
    log RolesChanged(account=account, roles=roles)


@internal
@view
def _check_admin():
    assert msg.sender == self.admin, "Roles: not the admin"


@internal
@view
def _check_role(role: Role):
    assert self.roles_of[msg.sender] & convert(role, uint256) != 0, "Roles: missing role"
