"""The error every room raises for something the performer can mend."""


class LivevaeError(Exception):
    """Bad input or a missing thing; the message is one sentence that names what was wrong and what to do."""
