"""The parts of the administration page, one module each with a draw()."""
