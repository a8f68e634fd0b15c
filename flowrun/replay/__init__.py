"""Send recorded notifications again: over HTTP as Adobe does, or straight to Kafka."""
