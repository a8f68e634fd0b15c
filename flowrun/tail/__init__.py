"""Read topics and show their records."""
