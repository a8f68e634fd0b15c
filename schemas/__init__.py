"""Share what every part of flowrun agrees on: record types, topic names, settings. Imports nothing of ours."""
