"""Say what a rules file says."""
