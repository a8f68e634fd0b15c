"""Turn raw notifications into runs, window rows and alerts, exactly once."""
