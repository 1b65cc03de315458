"""What is told of the running server: its log and its figures."""
