"""Everything that an account has here, to take away."""
