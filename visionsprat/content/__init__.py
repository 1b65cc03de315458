"""The module's words, read from content/."""
