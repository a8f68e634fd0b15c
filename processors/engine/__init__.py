"""Run pure steps over Kafka partitions: micro-batches, one transaction each, restore, fencing, ticks."""
