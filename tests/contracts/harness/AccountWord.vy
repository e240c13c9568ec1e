# pragma version 0.4.3
"""
@title The module of the packed account word, for the tests to call
"""

from contracts.modules import account_word


@external
@pure
def repack(word: uint256) -> uint256:
    return account_word._pack(account_word._unpack(word))


@external
@pure
def unpack(word: uint256) -> account_word.Account:
    return account_word._unpack(word)


@external
@pure
def pack(account: account_word.Account) -> uint256:
    return account_word._pack(account)


@external
@pure
def accrue(account: account_word.Account, now: uint256) -> account_word.Account:
    return account_word._accrue(account, now)


@external
@pure
def depletes_at(account: account_word.Account) -> uint256:
    return account_word._depletes_at(account)


@external
@pure
def has_ended(account: account_word.Account, now: uint256, grace: uint256) -> bool:
    return account_word._has_ended(account, now, grace)


@external
@pure
def spend(word: uint256, amount: uint256, now: uint256) -> uint256:
    return account_word._spend(word, amount, now)
