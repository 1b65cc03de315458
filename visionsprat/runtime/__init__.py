"""What the process is given and how it is shared out: threads, memory, descriptors, turns, rates."""
