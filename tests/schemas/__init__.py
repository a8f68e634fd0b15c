"""Test the package schemas."""
