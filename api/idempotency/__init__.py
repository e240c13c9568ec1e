"""Answers kept by Idempotency-Key, so that a repeated call has one effect and one answer."""
