"""Draws what GitHub shows of our files: a form from its YAML, a comment from its markdown, in a neutral style.

GitHub's own pages look different in detail; what is in the pictures is what we wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any, Final

import yaml
from markdown_it import MarkdownIt

STYLE: Final = """\
<!DOCTYPE html><html lang="en"><meta charset="utf-8"><style>
body { margin: 0; padding: 20px; background: #fff; color: #1f2328; }
body { font: 14px/1.5 "DejaVu Sans", system-ui, sans-serif; }
main { border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden; }
header { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px; color: #59636e; }
article { padding: 14px 16px; overflow: hidden; }
h2 { margin: 0; font-size: 17px; color: #1f2328; } h3 { margin: 0 0 10px; font-size: 17px; }
label { display: block; margin: 12px 0 2px; font-weight: 600; } label i { color: #d1242f; font-style: normal; }
small { display: block; margin-bottom: 4px; color: #59636e; font-size: 12px; }
.field { border: 1px solid #d1d9e0; border-radius: 6px; padding: 5px 12px; min-height: 20px; background: #fff; }
.field.choice::after { content: "▾"; float: right; color: #59636e; } .field em { color: #818b98; font-style: normal; }
button { margin-top: 16px; border: 0; border-radius: 6px; padding: 6px 14px; float: right; }
button { background: #1f883d; color: #fff; }
pre, code { background: #f6f8fa; border-radius: 6px; font: 12.5px/1.5 "DejaVu Sans Mono", monospace; }
pre { padding: 10px 12px; margin: 8px 0; } code { padding: 2px 4px; } pre code { padding: 0; }
pre b { display: block; font-weight: 400; } .add { background: #dafbe1; } .remove { background: #ffebe9; }
.change { background: #fff8c5; } sub { color: #59636e; vertical-align: baseline; font-size: 12px; }
</style>"""
_DIFF: Final = {"+": "add", "-": "remove", "!": "change"}


def form_page(form: str, answers: Mapping[str, str]) -> str:
    """Return the page of an issue form, filled in with answers by the id of their field."""
    document = yaml.safe_load(form)
    fields = "".join(_field(field, answers.get(field["id"], "")) for field in document["body"])
    head = f"<h2>{escape(document['name'])}</h2>{escape(document['description'])}"
    return f"{STYLE}<main><header>{head}</header><article>{fields}<button>Create</button></article></main></html>"


def _field(field: Mapping[str, Any], answer: str) -> str:
    told = field["attributes"]
    star = " <i>*</i>" if field.get("validations", {}).get("required") else ""
    small = f"<small>{escape(told['description'])}</small>" if "description" in told else ""
    shown = escape(answer) or f"<em>{escape(told.get('placeholder', ''))}</em>"
    choice = " choice" if field["type"] == "dropdown" else ""
    return f"<label>{escape(told['label'])}{star}</label>{small}<div class='field{choice}'>{shown}</div>"


def comment_page(text: str, author: str) -> str:
    """Return the page of a comment, its diffs coloured line by line."""
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    body = re.sub(r'<code class="language-diff">(.*?)</code>', lambda m: _coloured(m[1]), body, flags=re.DOTALL)
    return f"{STYLE}<main><header><b>{escape(author)}</b> commented</header><article>{body}</article></main></html>"


def _coloured(lines: str) -> str:
    return "".join(f"<b class='{_DIFF.get(line[:1], '')}'>{line}</b>" for line in lines.splitlines())
