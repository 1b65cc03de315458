"""What is done in a terminal."""
