"""Which version of Visionsprat this is. CHANGELOG.md says what came with each."""

VERSION = "0.1.dev0"
