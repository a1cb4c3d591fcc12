"""``python -m skinage`` does what the command ``skinage`` does."""

from skinage.cli import main

raise SystemExit(main())
