"""Read, write, select and shift recorded notifications. Pure but for the opening of files."""
