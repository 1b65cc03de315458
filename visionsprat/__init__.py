"""The domain of Visionsprat: everything but the pages."""
