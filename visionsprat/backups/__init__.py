"""Backups: made, thinned, put back, and looked at."""
