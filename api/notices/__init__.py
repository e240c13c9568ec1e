"""What an account is told before anything of it is lost."""
