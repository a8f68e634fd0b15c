"""Test the package broker."""
