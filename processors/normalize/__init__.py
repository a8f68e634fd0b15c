"""Turn one raw notification into run records, alert states or a dead letter."""
