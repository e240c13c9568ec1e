# pragma version 0.4.3
"""
@title The packed service word
@license Apache-2.0
@author DecentraSpace
@notice The one storage word of a service.
@dev Layout, lowest bits first:

        field        bits  unit
        owner         160  the 20-byte address
        rate           36  nano credit / s   what it streams while it is active
        expires_at     32  unix seconds      0 for never
        plan           12
        epoch          12                    its owner's, when it was started; 0 for a free one
        state           4                    never 0
                      ---
                      256

     A word of zero is a service that was never started.
     `rate` and `plan` are in bounds by `Hosting.set_plan`; 4,095 epochs of an account take at
     least as many grace periods.
"""

struct Service:
    owner: address
    plan: uint256
    state: uint256
    rate: uint256
    epoch: uint256
    expires_at: uint256


RATE_AT: constant(uint256) = 160
EXPIRES_AT: constant(uint256) = 196
PLAN_AT: constant(uint256) = 228
EPOCH_AT: constant(uint256) = 240
STATE_AT: constant(uint256) = 252


@internal
@pure
def _unpack(word: uint256) -> Service:
    """
    @dev Reads a service word.
    @param word The packed word of a service that was started.
    @return Service Its fields.
    """
    return Service(
        owner=convert(word & (2**160 - 1), address),
        plan=(word >> PLAN_AT) & (2**12 - 1),
        state=word >> STATE_AT,
        rate=(word >> RATE_AT) & (2**36 - 1),
        epoch=(word >> EPOCH_AT) & (2**12 - 1),
        expires_at=(word >> EXPIRES_AT) & (2**32 - 1),
    )


@internal
@pure
def _pack(service: Service) -> uint256:
    """
    @dev Writes a service word; a field that doesn't fit reverts.
    @param service The fields.
    @return uint256 The packed word.
    """
    assert service.epoch < 2**12, "Hosting: epoch too large"
    assert service.expires_at < 2**32, "Hosting: time too large"
    return (
        convert(service.owner, uint256)
        | (service.rate << RATE_AT)
        | (service.expires_at << EXPIRES_AT)
        | (service.plan << PLAN_AT)
        | (service.epoch << EPOCH_AT)
        | (service.state << STATE_AT)
    )
