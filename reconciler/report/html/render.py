"""The page as one self-contained file.

What strangers wrote comes masked and escaped from `view`; here Jinja2 escapes every text once more for HTML. The
file's own policy (Content-Security-Policy) lets nothing load and nothing run but the one style and the one script
below, by their hashes.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from reconciler.report.html.header import PlanSource
from reconciler.report.html.page import page_of

if TYPE_CHECKING:
    from jinja2 import Template

_POLICY: Final = (
    "default-src 'none'; style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
)


def render_plan_html(made: PlanSource, *, show_phones: bool, drift: bool = False) -> str:
    """A plan as an HTML file; no line break at the end.

    `drift` is for a plan that nobody means to apply. Phone numbers are masked unless `show_phones`.
    """
    from markupsafe import Markup

    template, style, script = _files()
    return template.render(
        page=page_of(made, show_phones=show_phones, drift=drift),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=_POLICY.format(style=_hash(style), script=_hash(script)),
    )


@cache
def _files() -> tuple[Template, str, str]:
    """The page's template, its style and its script."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    files = PackageLoader("reconciler.report.html", "page")
    environment = Environment(
        loader=files,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = (files.get_source(environment, name)[0] for name in ("page.css", "page.js"))
    return environment.get_template("page.html"), style, script


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
