"""Generate the documentation that follows from ingest's tables."""
