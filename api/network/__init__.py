"""What a wallet needs to call the contracts directly, and where the mirror stands."""
