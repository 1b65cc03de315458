"""`python -m visionsprat`."""

from visionsprat.cli import main

raise SystemExit(main())
