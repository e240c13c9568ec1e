"""What was used: storage by the byte-second."""
