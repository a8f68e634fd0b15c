"""Show the whole system on one machine: broker, services, a working day of notifications, and what comes of them."""
