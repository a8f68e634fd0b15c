"""Take notifications over HTTP into flowrun.raw, acknowledged only when Kafka has them."""
