# pragma version 0.4.3
"""
@title The packed name word
@license Apache-2.0
@author DecentraSpace
@notice The one storage word of a name, and the seconds at which its life turns.
@dev Layout, lowest bits first:

        field        bits  unit
        owner         160  the 20-byte address
        expires_at     32  unix seconds
        service        36  the linked service's number; 0 for none
        version        24  counts every change of hands
        format          4  how its content hash is stored; 0 for none
                      ---
                      256

     A word of zero is a name that nobody ever registered; a registered name's word is never zero.
     What a name points to belongs to a version: `service` and `format` are 0 in a fresh one, and
     records, approvals are kept under its number. So a change of hands clears them all at once.
     The highest versions are for registrations alone: nobody can send a name to and fro until its
     versions are used up and it can't be registered ever again.

     The life of a name, by the clock alone:

        registered   until `expires_at`           its owner's; it points to what its records say
        in grace     GRACE from there             still its owner's; nothing but renewal moves it
        free         from there on                anyone's, at a premium that decays
"""


struct Name:
    owner: address
    expires_at: uint256
    service: uint256
    version: uint256
    format: uint256


EXPIRES_AT: constant(uint256) = 160
SERVICE_AT: constant(uint256) = 192
VERSION_AT: constant(uint256) = 228
FORMAT_AT: constant(uint256) = 252

MOST_VERSIONS: constant(uint256) = 2**24
MOST_SENT: constant(uint256) = 2**24 - 2**16  # 65,536 registrations take 21,000 years

DAY: constant(uint256) = 86_400  # seconds
GRACE: constant(uint256) = 90 * DAY
MIN_DURATION: constant(uint256) = 28 * DAY
MAX_AHEAD: constant(uint256) = 10 * 365 * DAY  # how far a name can be paid


@internal
@pure
def _unpack(word: uint256) -> Name:
    """
    @dev Reads a name word.
    @param word The packed word; 0 is a name that nobody ever registered.
    @return Name Its fields.
    """
    return Name(
        owner=convert(word & (2**160 - 1), address),
        expires_at=(word >> EXPIRES_AT) & (2**32 - 1),
        service=(word >> SERVICE_AT) & (2**36 - 1),
        version=(word >> VERSION_AT) & (MOST_VERSIONS - 1),
        format=word >> FORMAT_AT,
    )


@internal
@pure
def _pack(name: Name) -> uint256:
    """
    @dev Writes a name word; a field that doesn't fit reverts.
    @param name The fields; the format is one that `content_hash` knows.
    @return uint256 The packed word.
    """
    assert name.expires_at < 2**32, "Domains: time too large"
    assert name.service < 2**36, "Domains: service too large"
    assert name.version < MOST_VERSIONS, "Domains: version too large"
    return (
        convert(name.owner, uint256)
        | (name.expires_at << EXPIRES_AT)
        | (name.service << SERVICE_AT)
        | (name.version << VERSION_AT)
        | (name.format << FORMAT_AT)
    )


@internal
@pure
def _renewed(word: uint256, duration: uint256, now: uint256) -> uint256:
    """
    @dev Adds time to a name that isn't free; one in grace must come back by it.
    @param word The packed word.
    @param duration Seconds.
    @param now The unix second.
    @return uint256 The packed word, in which nothing else changed.
    """
    expires_at: uint256 = (word >> EXPIRES_AT) & (2**32 - 1)
    # A name that nobody ever registered is one whose grace was over in 1970.
    assert now < expires_at + GRACE, "Domains: no such name"
    assert duration >= MIN_DURATION, "Domains: duration too short"
    # No name reaches further than MAX_AHEAD from an earlier second.
    assert duration <= unsafe_sub(now + MAX_AHEAD, expires_at), "Domains: duration too long"
    expires_at = unsafe_add(expires_at, duration)
    assert expires_at > now, "Domains: duration too short"
    assert expires_at < 2**32, "Domains: time too large"
    return unsafe_add(word, duration << EXPIRES_AT)  # the sum still fits its bits


@internal
@pure
def _is_registered(expires_at: uint256, now: uint256) -> bool:
    """
    @dev Whether a name has an owner who may do with it what owners do.
    @param expires_at The name's, a unix second; 0 for one that nobody ever registered.
    @param now The unix second.
    @return bool Whether its time is not over.
    """
    return now < expires_at


@internal
@pure
def _is_free(expires_at: uint256, now: uint256) -> bool:
    """
    @dev Whether anyone may register a name.
    @param expires_at The name's, a unix second; 0 for one that nobody ever registered.
    @param now The unix second.
    @return bool Whether its grace is over too.
    """
    return now >= self._freed_at(expires_at)


@internal
@pure
def _freed_at(expires_at: uint256) -> uint256:
    """
    @dev The first second at which anyone may register a name.
    @param expires_at The name's, a unix second; 0 for one that nobody ever registered.
    @return uint256 A unix second; 0 for a name that nobody ever registered.
    """
    if expires_at == 0:
        return 0
    return expires_at + GRACE
