"""Test what is generated from the record types and settings."""
