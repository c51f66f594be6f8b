"""The page as one self-contained file.

Jinja2 writes every expression of the template through `_finalize`, which masks numbers and makes hidden characters
visible; its autoescape then escapes the text for HTML. The file's own policy (Content-Security-Policy) loads nothing
and runs nothing but the one style and the one script below, by their hashes.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from reconciler.report.html.page import plan_page
from reconciler.report.html.text_diff import mark_differences
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import message_pieces, spans
from reconciler.sanitize.escape import for_display

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.runtime import Context

    from reconciler.plan.file_format import SavedPlan

_POLICY: Final = (
    "default-src 'none'; style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
)


def render_plan_html(saved: SavedPlan, options: RenderOptions) -> str:
    """Return a plan as an HTML file; no line break at the end."""
    from markupsafe import Markup, escape

    template, style, script = _files()
    return template.render(
        page=plan_page(saved, options),
        options=options,
        message=message_pieces,
        mark_differences=lambda change: mark_differences(change, options),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=escape(_POLICY.format(style=_hash(style), script=_hash(script))),
    )


@cache
def _files() -> tuple[Template, str, str]:
    """Return the page's template, its style and its script."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context

    files = PackageLoader("reconciler.report.html", "page")
    environment = Environment(
        loader=files,
        autoescape=True,
        finalize=pass_context(_finalize),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = (files.get_source(environment, name)[0] for name in ("page.css", "page.js"))
    return environment.get_template("page.html"), style, script


def _finalize(context: Context, value: Any) -> Any:
    """Return what the template shows of a value, fit for this reader and not yet escaped for HTML.

    Pieces are shown as themselves, our own code as code; a bare text counts as text from outside. An `if` without
    `else` gives Undefined, which shows nothing.
    """
    from jinja2 import Undefined
    from markupsafe import Markup, escape

    options: RenderOptions = context["options"]
    if isinstance(value, Markup | int | Undefined):
        return value
    if isinstance(value, str):
        return for_display(value, show_phones=options.show_phones)
    pieces = value if isinstance(value, tuple) else (value,)
    shown = (
        Markup("<code>{}</code>").format(span.text) if span.code else escape(span.text)
        for span in spans(pieces, options)
    )
    return Markup().join(shown)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
