"""Generate from the record types and settings what other programs and people read: ``python -m schemas.generate``."""
