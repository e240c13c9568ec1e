"""The IPFS Pinning Service API: content that an account wants kept, by its CID."""
