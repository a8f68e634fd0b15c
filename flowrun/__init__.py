"""Offer everything on the command line."""
