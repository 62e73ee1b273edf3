"""Messages that fit where they are shown."""

from __future__ import annotations


def shorten(text: str, width: int) -> str:
    """`text` on one line, cut to `width` characters with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= width:
        return text
    return text[: width - 1] + "…" if width > 0 else ""
