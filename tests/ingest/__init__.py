"""Test ingest."""
