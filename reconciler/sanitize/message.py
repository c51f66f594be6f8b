"""Messages as one harmless line: our own sentence as it is, what comes from outside masked and escaped."""

from __future__ import annotations

from datetime import date

from reconciler.messages import LiteralText, Message, Scalar
from reconciler.model.text import Untrusted
from reconciler.sanitize.escape import for_display, quoted
from reconciler.sanitize.mask import mask_text


def render_plain(message: Message, *, show_phones: bool) -> str:
    """Return the message as one line for a terminal or a log."""
    return "".join(
        piece.text if isinstance(piece, LiteralText) else render_parameter(piece.value, show_phones=show_phones)
        for piece in message.pieces()
    )


def render_parameter(value: Scalar, *, show_phones: bool) -> str:
    """Return one parameter: numbers and days as they are, other text masked and escaped, live text also in quotes."""
    if isinstance(value, Untrusted):
        return quoted(value.raw if show_phones else mask_text(value.raw))
    if isinstance(value, str):
        return for_display(value, show_phones=show_phones)
    return value.isoformat() if isinstance(value, date) else str(value)
