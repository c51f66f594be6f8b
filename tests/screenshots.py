"""The pictures of the docs, made anew: a terminal's plan, the HTML report of it, and a request with its comment.

    python -m tests.screenshots FOLDER

A small school's groups are made on the embedded server; the program itself, run as a process, plans them. What the
pictures show is its own output. Only the moment at which the plan was made is set, so that they stay the same.
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import yaml
from playwright.sync_api import Browser, FloatRect, Page
from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from reconciler.sandbox import Server, World
from reconciler.starter.templates import request_form
from tests.browser import chromium, installed
from tests.github_pages import comment_page, form_page

INSTANCE: Final = "inst_school"
PHONE: Final = "+1 202 555 0100"
MOMENT: Final = "2026-11-20T18:05:00+00:00"

FILE: Final = f"""\
version: 1
instance: {{id: {INSTANCE}, phone: {PHONE}}}
people:
  head: {{phone: +1 202 555 0101, name: Mrs Okafor}}
  lena: {{phone: +1 202 555 0102, name: Lena Ortiz}}
  marc: {{phone: +1 303 555 0103, name: Marc Bell}}
  nadia: {{phone: +1 303 555 0104, name: Nadia Rahman}}
  omar: {{phone: +1 404 555 0105, name: Omar Haddad}}
  pia: {{phone: +1 404 555 0106, name: Pia Lindgren}}
  rosa: {{phone: +1 512 555 0107, name: Rosa Vidal}}
  tom: {{phone: +1 617 555 0108, name: Tom Keller}}
teams:
  staff: [head, lena, marc]
policy: {{protected: [head]}}
groups:
  parents-4b:
    id: 120363400000000001@g.us
    name: Parents 4B
    description: |
      Class 4B. Please no chat after eight.
      Ill? Write to the office.
    members: [lena, nadia, omar, pia, rosa]
    max_removals: 2
  excursion:
    name: Excursion to the lake
    description: Friday 27 November, back at five
    teams: [staff]
    members: [{{person: tom, until: 2026-11-28, reason: drives the bus}}]
  choir:
    name: School Choir
    previously: [Choir]
    members: [marc, omar, rosa]
  staff:
    id: 120363400000000003@g.us
    name: Staff room
    teams: [staff]
  library:
    id: 120363400000000004@g.us
    name: Library helpers
    teams: [staff]
    members: [pia]
"""

TERMINAL: Final = """\
<!DOCTYPE html><html lang="en"><meta charset="utf-8"><style>
body {{ margin: 0; padding: 20px; background: #dfe5e1; }}
figure {{ margin: 0; border-radius: 10px; background: #14191a; padding: 16px 22px 20px; width: max-content; }}
header {{ display: flex; gap: 8px; margin-bottom: 14px; }}
i {{ width: 12px; height: 12px; border-radius: 50%; background: #39423f; }}
pre {{ margin: 0; font: 15px/1.45 "DejaVu Sans Mono", ui-monospace, Menlo, Consolas, monospace; color: #d9e2dd; }}
</style><figure><header><i></i><i></i><i></i></header><pre>{code}</pre></figure></html>
"""

COLORS: Final = TerminalTheme(
    (20, 25, 26),
    (217, 226, 221),
    [
        (20, 25, 26),
        (255, 143, 132),
        (123, 219, 165),
        (242, 196, 109),
        (125, 170, 235),
        (200, 160, 230),
        (120, 205, 220),
        (217, 226, 221),
    ],
)

ANSWERS: Final = {
    "action": "Add",
    "person": "Tom Keller",
    "groups": "staff",
    "until": "2026-12-18",
    "reason": "covers for Marc Bell",
}
"""A request, by the ids of the form's fields."""

BOTTOM: Final = "one => one.closest('section').getBoundingClientRect().bottom"

Scheme = Literal["light", "dark"]


def populate(world: World) -> None:
    """The school's groups as people left them by hand."""
    world.ensure_instance(INSTANCE, PHONE)
    people = {
        "Parents 4B": ("Class 4B. Please no chat after nine.", ["0102", "0104", "0105", "0131", "0132"]),
        "Choir": ("", ["0103", "0105", "0107"]),
        "Staff room": ("", ["0101", "0102", "0103"]),
    }
    areas = {"0101": 202, "0102": 202, "0103": 303, "0104": 303, "0105": 404, "0107": 512, "0131": 206, "0132": 206}
    for number, (name, (description, members)) in enumerate(people.items(), 1):
        world.create_group(
            name,
            [f"+1 {areas[last]} 555 {last}" for last in members],
            owner=PHONE,
            description=description,
            group_id=f"12036340000000000{number}@g.us",
        )
    world.create_group(
        "Library helpers",
        ["+1 202 555 0101", "+1 202 555 0102", PHONE],
        owner="+1 404 555 0106",
        group_id="120363400000000004@g.us",
    )


def output_of(server: Server, folder: Path, *arguments: str) -> str:
    """What the program writes to a terminal, colours and all."""
    ours, theirs = pty.openpty()
    program = [sys.executable, "-m", "reconciler", *arguments]
    others = ("NO_COLOR", "RECONCILER_", "WAPPFY_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    environment |= {"WAPPFY_API_KEY": server.key, "WAPPFY_BASE_URL": server.url, "TERM": "xterm"}
    with subprocess.Popen(program, stdout=theirs, stderr=subprocess.PIPE, cwd=folder, env=environment) as running:
        os.close(theirs)
        written = _read_all(ours)
        said = running.stderr.read().decode() if running.stderr is not None else ""
    os.close(ours)
    if running.returncode != 0:
        raise SystemExit(f"reconciler {' '.join(arguments)} failed:\n{said}")
    return written.decode().replace("\r\n", "\n")


def _read_all(descriptor: int) -> bytes:
    read = b""
    while True:
        try:
            more = os.read(descriptor, 65536)
        except OSError:  # That is how Linux says that the other end of a terminal is closed.
            return read
        if not more:
            return read
        read += more


def terminal_page(command: str, written: str) -> str:
    """A terminal's window with what was written in it, as HTML."""
    console = Console(record=True, width=200, file=StringIO(), force_terminal=True)
    console.print(f"[bold]$ {command}[/bold]", highlight=False)
    for line in AnsiDecoder().decode(written):
        console.print(line, highlight=False)
    lines = console.export_html(theme=COLORS, inline_styles=True, code_format="{code}").splitlines()
    return TERMINAL.format(code="\n".join(line.rstrip() for line in lines))


def report_page(server: Server, folder: Path) -> str:
    """The HTML report of the plan in this folder, with the moment at which it was made set."""
    output_of(server, folder, "plan", "--as-of", "2026-11-20", "--out", "school.plan")
    plan = folder / "school.plan"
    document = json.loads(plan.read_text(encoding="utf-8"))
    plan.write_text(json.dumps({**document, "made_at": MOMENT}), encoding="utf-8")
    output_of(server, folder, "show", "school.plan", "--format", "html", "--output", "school.html")
    return (folder / "school.html").read_text(encoding="utf-8")


def request_pages(server: Server, folder: Path) -> dict[str, str]:
    """The filled-in form of a request, and the comment on the pull request that it becomes, by the picture's name."""
    form = request_form("github", ["choir", "excursion", "library", "parents-4b", "staff"])
    labels = {field["id"]: field["attributes"]["label"] for field in yaml.safe_load(form)["body"]}
    issue = "".join(f"### {label}\n\n{ANSWERS.get(name, '_No response_')}\n\n" for name, label in labels.items())
    (folder / "issue.md").write_text(issue, encoding="utf-8")
    output_of(server, folder, "edit", "--form", "issue.md")
    output_of(server, folder, "plan", "--as-of", "2026-11-20", "--target", "staff", "--out", "staff.plan")
    plan = folder / "staff.plan"
    document = json.loads(plan.read_text(encoding="utf-8"))
    plan.write_text(json.dumps({**document, "made_at": MOMENT}), encoding="utf-8")
    output_of(server, folder, "show", "staff.plan", "--format", "markdown", "--output", "staff.md")
    comment = (folder / "staff.md").read_text(encoding="utf-8")
    return {"request-form": form_page(form, ANSWERS), "request-comment": comment_page(comment, "github-actions")}


def opened(browser: Browser, page: str, width: int, scheme: Scheme = "light", scale: float = 1) -> Page:
    """A page with this HTML in it; `scale` are a screen's points for each of the page's."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, device_scale_factor=scale, color_scheme=scheme
    )
    shown = context.new_page()
    shown.set_content(page)
    return shown


def main(images: Path) -> None:
    """Write every picture into a folder."""
    path = installed()
    if path is None:
        raise SystemExit("no Chromium is installed here: .ci/browser installs one")
    images.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch, World.open() as world, Server(world) as server, chromium(path) as browser:
        folder = Path(scratch)
        (folder / "groups.yaml").write_text(FILE, encoding="utf-8")
        populate(world)
        written = output_of(server, folder, "plan", "--as-of", "2026-11-20")
        terminal = opened(browser, terminal_page("reconciler plan", written), 1200, scale=1.5)
        terminal.locator("body").evaluate("body => { body.style.width = 'max-content' }")
        terminal.locator("body").screenshot(path=images / "terminal.png")
        report = report_page(server, folder)
        schemes: tuple[Scheme, ...] = ("light", "dark")
        for scheme in schemes:
            shown = opened(browser, report, 860, scheme)
            bottom = shown.get_by_role("region", name="Joins").evaluate(BOTTOM)
            box: FloatRect = {"x": 0, "y": 0, "width": 860, "height": bottom + 24}
            shown.screenshot(path=images / f"report-{scheme}.png", clip=box, full_page=True)
        for name, page in request_pages(server, folder).items():
            opened(browser, page, 800).locator("body").screenshot(path=images / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
