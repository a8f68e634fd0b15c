"""Prove that a delivery comes from Adobe and is meant for us (DOMAIN.md 2)."""
