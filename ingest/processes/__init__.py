"""Serve one address by several processes, one for each core, that look like one from outside."""
