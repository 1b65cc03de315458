"""The root of every error that Visionsprat raises on purpose."""


class VisionspratError(Exception):
    """Something went wrong that a person can understand and mend; the message says how."""
