"""Removes what nobody keeps any more, and nothing else."""
