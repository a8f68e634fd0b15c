"""Test flowrun from the pure core to whole processes on a real Apache Kafka."""
