"""The links from a page back to where it is from: pull request, commit, who started the run, the run itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.run_context import Reference, RunContext, short_commit
from reconciler.report.pieces import MaskedText, OutsideText, Pieces, literal


@dataclass(frozen=True, slots=True)
class Link:
    """A few words and where they lead; without a `url` only the words."""

    words: Pieces
    url: str = ""


def origin_links(run: RunContext) -> Iterator[Link]:
    """Yield what is known about the run, in the order of the page."""
    if run.pull_request:
        kind = "Merge request " if run.pull_request.text.startswith("!") else "Pull request "
        yield _link(kind, run.pull_request)
    if run.commit:
        yield _link("commit ", Reference(short_commit(run.commit.text), run.commit.url))
    if run.actor:
        yield _link("started by ", run.actor)
    if run.run and run.run.url:
        yield Link(literal("run"), run.run.url)


def author_link(run: RunContext) -> Link | None:
    """Return the person to ask about a change: the author of the pull request, else who started the run."""
    if run.pull_request:
        return _link("the author of ", run.pull_request)
    return _link("", run.actor) if run.actor else None


def _link(words: str, reference: Reference) -> Link:
    """Return a link; a text that is part of a safe address is not masked, although it may look like a number."""
    text = MaskedText(reference.text) if reference.url else OutsideText(reference.text)
    return Link((*literal(words), text), reference.url)
