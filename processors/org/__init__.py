"""Count the failing flows of each organisation and sandbox: what no partition of runs sees as a whole."""
