"""`python -m visionsprat`."""

from visionsprat.runtime.standard_streams import have_a_home, run_in_utf8, speak_utf8

run_in_utf8()
have_a_home()
speak_utf8()

from visionsprat.terminal.commands import main  # noqa: E402 - what is imported need not be imported twice

raise SystemExit(main())
