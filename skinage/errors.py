"""Errors a user can act on: where, what was found, what was expected, what to do."""


class SkinageError(Exception):
    """The root of every error that skinage raises on purpose."""


class CohortError(SkinageError):
    """The cohort table is wrong; the message lists every problem with row and column."""


class SlideError(SkinageError):
    """A slide cannot be opened, or its pixels cannot be trusted."""


class LeakageError(SkinageError):
    """A person (or something derived from one) would be on both sides of a split."""


class SettingError(SkinageError, ValueError):
    """An argument has a value that cannot be used, whatever the data; also a ``ValueError``."""


class StageError(SkinageError):
    """A stage cannot go on with these data: too few people, a missing column, a full disk."""
