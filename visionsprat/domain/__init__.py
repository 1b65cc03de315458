"""What the product is about, without a database, a browser or a clock: texts, people, progress."""
