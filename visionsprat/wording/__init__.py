"""Swedish words: numbers and times, messages, letters, the copy to take home."""
