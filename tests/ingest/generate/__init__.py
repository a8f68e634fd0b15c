"""Test the generated documentation of ingest."""
