"""What the project asks of its own functions, and what stands beside each of them elsewhere."""

from __future__ import annotations

# Gas of a steady use, at the most; a test holds every one of them.
TARGETS = {
    "Credits.buy": 52_000,
    "Credits.buy (no stream)": 52_000,
    "Credits.buy_with_permit": 70_000,
    "Credits.refund": 54_000,
    "Credits.refund (no stream)": 54_000,
    "Credits.settle (of 200, an account)": 7_500,
    "Hosting.pause": 45_000,
    "Hosting.resume": 45_000,
    "Hosting.start": 75_000,
    "Domains.register": 90_000,
    "Domains.renew": 50_000,
    "Domains.set_contenthash": 40_000,
}

# The nearest relative of each function among the anchors; none does the same.
BESIDE = {
    "Credits.buy": "Sablier Flow deposit",
    "Credits.buy (no stream)": "solady ERC-20 transferFrom",
    "Credits.refund": "solady ERC-20 transfer",
    "Credits.settle (of 1)": "Sablier Flow adjustRatePerSecond",
    "Domains.commit": "ENS commit",
    "Domains.register": "ENS register",
    "Domains.renew": "ENS renew",
    "Domains.set_contenthash": "ENS setContenthash",
    "Domains.transferFrom": "solady ERC-20 transferFrom",
    "Hosting.pause": "Sablier Flow pause",
    "Hosting.reprice": "Sablier Flow adjustRatePerSecond",
    "Hosting.resume": "Sablier Flow restart",
    "Hosting.start": "Sablier Flow create",
    "Hosting.subscribe": "Unlock purchase",
}

# Not measured here: their sources can't be had from the npm registry. Whole transactions on anvil.
ELSEWHERE = {
    "ENS commit": 44_206,
    "ENS register": 213_373,
    "ENS renew": 87_249,
    "ENS setContenthash": 49_431,
}

LEFT_OUT = {
    "ENS": "its contracts aren't on the npm registry; four figures measured on anvil stand instead",
    "LlamaPay": "its contracts aren't on the npm registry",
}
