# pragma version 0.4.3
"""
@title The module of the packed account word, for the tests to call
"""

from contracts.modules import account_word


@external
@pure
def unpack(word: uint256) -> account_word.Account:
    return account_word._unpack(word)


@external
@pure
def accrue(word: uint256, now: uint256) -> uint256:
    return account_word._accrue(word, now)


@external
@pure
def is_dry(word: uint256, now: uint256) -> bool:
    return account_word._is_dry(word, now)


@external
@pure
def depletes_at(word: uint256) -> uint256:
    return account_word._depletes_at(word)


@external
@pure
def has_ended(word: uint256, now: uint256, grace: uint256) -> bool:
    return account_word._has_ended(word, now, grace)


@external
@pure
def is_new_day(word: uint256, now: uint256) -> bool:
    return account_word._is_new_day(word, now)


@external
@pure
def add_paid(word: uint256, amount: uint256) -> uint256:
    return account_word._add_paid(word, amount)


@external
@pure
def add_granted(word: uint256, amount: uint256) -> uint256:
    return account_word._add_granted(word, amount)


@external
@pure
def take(word: uint256, amount: uint256) -> uint256:
    return account_word._take(word, amount)


@external
@pure
def charge(word: uint256, asked: uint256, now: uint256) -> uint256:
    return account_word._charge(word, asked, now)


@external
@pure
def at(word: uint256, now: uint256) -> uint256:
    return account_word._at(word, now)


@external
@pure
def limited(word: uint256, per_day: uint256) -> uint256:
    return account_word._limited(word, per_day)
