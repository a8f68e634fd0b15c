"""Reach Kafka: connection settings, topics, the embedded broker."""
