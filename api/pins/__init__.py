"""Pins by the IPFS Pinning Service API: what an account wants kept, by its CID."""
