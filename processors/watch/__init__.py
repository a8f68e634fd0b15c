"""Turn run records into window rows and alert transitions."""
