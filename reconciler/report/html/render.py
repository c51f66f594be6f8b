"""The page as one self-contained file.

Jinja2 writes every expression of the template through `_finalize`, which masks numbers, makes hidden characters visible
and escapes for HTML; a text is written once, however often the page has it. The file's own policy
(Content-Security-Policy) loads nothing and runs nothing but the one style and the one script below, by their hashes.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.text import plural
from reconciler.plan.file_format import SavedPlan
from reconciler.report.html.page import plan_page, removals
from reconciler.report.html.people import group_people
from reconciler.report.html.text_diff import mark_differences
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import (
    PersonName,
    PhoneNumber,
    Piece,
    Pieces,
    shown_alias,
    spans,
)
from reconciler.sanitize.escape import for_display

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.runtime import Context
    from markupsafe import Markup

_POLICY: Final = (
    "default-src 'none'; style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
)


def render_plan_html(saved: SavedPlan, options: RenderOptions) -> str:
    """Return a plan as an HTML file; no line break at the end."""
    from markupsafe import Markup

    template, style, script = _files()
    return template.render(
        page=plan_page(saved, options),
        options=options,
        plural=plural,
        removals=removals,
        group_people=group_people,
        person_name=PersonName,
        alias=shown_alias,
        number=lambda person: PhoneNumber(person.identity or person.jid or ""),
        write=cache(partial(_write, options=options)),
        mark_differences=partial(mark_differences, options=options),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=Markup("{}").format(_POLICY.format(style=_hash(style), script=_hash(script))),
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
    """Return what the template shows of an expression: HTML and numbers as they are, all else as `_write` has it."""
    # An `if` without `else` gives Undefined, which shows nothing.
    return (
        context["write"](value) if isinstance(value, str | tuple | Piece) and not hasattr(value, "__html__") else value
    )


def _write(value: str | Pieces | Piece, options: RenderOptions) -> Markup:
    """Return text as HTML for this reader: pieces as themselves, our own code as code, a bare text as from outside."""
    from markupsafe import Markup, escape

    if isinstance(value, str):
        return escape(for_display(value, show_phones=options.show_phones))
    written = (
        Markup("<code>{}</code>").format(span.text) if span.code else escape(span.text)
        for span in spans(value if isinstance(value, tuple) else (value,), options)
    )
    return Markup().join(written)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
