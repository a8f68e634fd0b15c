"""Measure what the processors cost and how long a notification takes; results live in docs/performance.md."""
