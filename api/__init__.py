"""The HTTP API: acts only on the mirror, owns the off-chain tables."""
