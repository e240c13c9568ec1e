"""Blocks by CID: which of them the store lacks, and a way in for just those."""
