"""What the operator holds in Credits: the float, what was earned, and the ether."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.deployment.errors import DeployError
from scripts.operating.amounts import (
    CREDITS,
    ETHER_DECIMALS,
    credits_text,
    ether_text,
    units_of,
)
from scripts.operating.desk import Desk


@dataclass(frozen=True)
class Treasury:
    """Amounts as the command line has them: decimals of a credit or of an ether, or "all"."""

    desk: Desk

    def show(self) -> None:
        """Prints all three."""
        for name in ("float", "earned"):
            self.desk.say(f"{name}: {credits_text(self.desk.read('Credits', name))}")
        self.desk.say(f"ether: {ether_text(self._ether())}")

    def withdraw(self, name: str, amount: str, to: str) -> None:
        """Of the `float`, or of what was `earned`: whole units of the asset."""
        held = self.desk.read("Credits", name)
        nano = held - held % self._scale if amount == "all" else self._units(amount)
        if nano > held:
            raise DeployError(f"the treasury has {credits_text(held)} of {name}")
        if nano == 0:
            self.desk.say("There is nothing to withdraw.")
            return
        self.desk.tell(name, credits_text(held), credits_text(held - nano))
        self.desk.send("Credits", f"withdraw_{name}", nano, to)

    def withdraw_ether(self, amount: str, to: str) -> None:
        """What credit was bought with."""
        held = self._ether()
        wei = held if amount == "all" else _wei(amount)
        if wei > held:
            raise DeployError(f"the treasury has {ether_text(held)}")
        if wei == 0:
            self.desk.say("There is nothing to withdraw.")
            return
        self.desk.tell("ether", ether_text(held), ether_text(held - wei))
        self.desk.send("Credits", "withdraw_ether", wei, to)

    def add_float(self, amount: str) -> None:
        """Takes the asset from the account; approves just that where too little is approved."""
        desk, hands = self.desk, self.desk.hands
        nano, held = self._units(amount), desk.read("Credits", "float")
        credits_, asset = desk.address("Credits"), desk.read("Credits", "ASSET")
        units = nano // self._scale
        has = hands.read("TestUSD", asset, "balanceOf", hands.sender)
        if units > has:
            raise DeployError(f"{hands.sender} has {credits_text(has * self._scale)} of the asset")
        if not desk.tell("float", credits_text(held), credits_text(held + nano)):
            return
        if hands.read("TestUSD", asset, "allowance", hands.sender, credits_) < units:
            if desk.dry_run:
                desk.say("Dry run: neither the approval nor Credits.add_float was sent.")
                return
            # By TestUSD's ABI, which every ERC-20 shares that far.
            approved = hands.send("TestUSD", asset, "approve", credits_, units)
            desk.say(f"the asset's approve is done: {approved}")
        desk.send("Credits", "add_float", units)

    def _units(self, amount: str) -> int:
        """nano credit that the asset can pay."""
        nano = CREDITS.convert(amount, None, None)
        if nano % self._scale:
            raise DeployError("the asset has fewer decimals than that")
        return nano

    @property
    def _scale(self) -> int:
        """nano credit in a base unit of the asset."""
        return int(self.desk.read("Credits", "SCALE"))

    def _ether(self) -> int:
        """wei."""
        asked = [self.desk.address("Credits"), "latest"]
        return int(self.desk.hands.ask("eth_getBalance", asked), 16)


def _wei(amount: str) -> int:
    try:
        return units_of(amount, ETHER_DECIMALS)
    except ValueError as error:
        raise DeployError(f"{amount!r} is no number of ether of at most 18 decimals") from error
