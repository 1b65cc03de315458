"""The staff list: read from a file, compared with who is there."""
