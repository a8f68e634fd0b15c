"""Give tests and benchmarks a Kafka broker: one that is given, in a container, from Maven, or embedded."""
