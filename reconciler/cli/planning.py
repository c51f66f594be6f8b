"""Plan for `plan`, `drift` and `apply`: load the configuration, open the API, compare."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from shlex import quote

from reconciler import __version__
from reconciler.cli.error_output import print_problems
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.key_lists import read_keys, selected_keys
from reconciler.cli.options import PlanRequest, today
from reconciler.cli.progress import show_reading
from reconciler.cli.session import Account, Session, endpoint_of, reading_session
from reconciler.config.phone_numbers import country_code
from reconciler.engine import PlanResult, make_plan
from reconciler.errors import RevisionError, UsageError
from reconciler.model.desired import Desired, InputFile
from reconciler.plan.build import empty_plan
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.model import Plan
from reconciler.plan.selection import PlanOptions, Spent, select_groups


@dataclass(frozen=True, slots=True)
class YamlSource:
    """A configuration, and what to plan of it."""

    path: Path
    desired: Desired
    options: PlanOptions
    digest: None = None
    """The digest of the saved plan: there is none."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the configuration was loaded from."""
        return source_files(self.desired)

    @property
    def account(self) -> Account:
        """The account that the configuration names."""
        return Account.of(self.desired)

    def plan(self, session: Session, global_options: GlobalOptions) -> PlanResult:
        """Make the plan, and show how far reading is."""
        with show_reading(global_options, session.throttle.seconds_to_wait) as on_read:
            return make_plan(
                self.desired,
                session.client,
                self.options,
                parallelism=global_options.parallelism,
                rate=lambda: session.throttle.per_minute,
                on_read=on_read,
            )

    def with_spent(self, spent: Spent) -> YamlSource:
        """Return the same for a plan that counts what an audit log shows against the budget."""
        return replace(self, options=replace(self.options, spent=spent))

    def to_saved_plan(self, plan: Plan, sources: Sequence[InputFile] | None = None) -> SavedPlan:
        """Return a new plan with its sources, the version and the time.

        With `sources`, which are relative to its file, it is to be saved: it knows then what its files mean, too.
        """
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        if sources is None:
            return SavedPlan(plan, self.desired.sources, __version__, made_at)
        from reconciler.history.configuration_digest import configuration_digest

        return SavedPlan(plan, tuple(sources), __version__, made_at, configuration_digest(self.desired))


def load_desired(
    path: Path, global_options: GlobalOptions, as_of: date | None = None, *, check_rules: bool = False
) -> Desired:
    """Load and check PATH, with `check_rules` its rules too, and print warnings on stderr.

    The rules must hold today, whatever the day `as_of`, and on that day.

    Raises ConfigError with every problem.
    """
    from reconciler.config import load
    from reconciler.history.file_history import history_of

    day = as_of or today()
    desired = load(path, as_of=day, check_rules=today() if check_rules else None, history=partial(history_of, path))
    if desired.warnings and not global_options.quiet:
        print_problems(desired.warnings)
    return desired


def source_files(desired: Desired) -> tuple[Path, ...]:
    """Return the files that a configuration was loaded from."""
    return tuple(Path(source.path) for source in desired.sources)


def load_request(request: PlanRequest, global_options: GlobalOptions, *, since: str | None = None) -> YamlSource:
    """Load what a request is to plan. Its sources are compared with `since`, else with the newest `applied/…` tag."""
    max_removals = request.removal_limit()
    desired = load_desired(request.path, global_options, request.as_of, check_rules=True)
    targets, excludes = selected_keys(request, desired.groups)
    options = PlanOptions(
        targets=targets,
        excludes=excludes,
        max_removals=max_removals,
        shard=request.shard,
        sandbox=global_options.sandbox,
        allowed_lookalikes=read_keys("--allow-lookalike", request.allow_lookalikes, desired.groups),
        overridden_rules=request.overridden_rules([rule.name for rule in desired.rules]),
    )
    if request.changed_since is not None:
        from reconciler.cli.revisions import options_for_changed_since

        options = options_for_changed_since(options, request.path, request.changed_since, desired)
    # A file that the configuration does not have any more may have been a source of the applied revision.
    if desired.people_files or request.accept_sources or _may_have_revisions(request.path):
        from reconciler.cli.revisions import compare_with_applied

        compared = compare_with_applied(request.path, desired, since=since, accepted=request.accept_sources)
        options = replace(options, sources=compared, previous_people={**compared.people, **options.previous_people})
    return YamlSource(request.path, desired, options)


def how_to_tag(source: YamlSource) -> str | None:
    """Return what to run after everything was applied, so that the next run knows what the people files were.

    None for a part of the groups, without people files or a repository, and where a tag `applied/…` has these files.
    """
    from reconciler.config.names import named_people_files
    from reconciler.config.source_files import is_config_file
    from reconciler.history import git as history

    options, path = source.options, source.path
    is_part = options.targets or options.excludes or options.shard or options.changed_since
    if is_part or not source.desired.people_files:
        return None
    try:
        git, _ = history.locate_repository(path)
        head = history.resolve_commit(git, "HEAD")
        places = [history.locate_repository(file)[1] for file in sorted(source.files)]
        branch = os.fsdecode(git.run("rev-parse", "--abbrev-ref", "HEAD")).strip()
    except RevisionError:
        return None
    is_dirty = history.is_dirty(path, is_config_file, named_people_files(path))
    with suppress(RevisionError):  # there is no tag yet
        tagged = history.latest_applied_commit(path)
        names = [[os.fsencode(f"{oid}:{place}") for place in places] for oid in (tagged.oid, head.oid)]
        before, now = (history.resolve_objects(git, each) for each in names)
        if not is_dirty and before == now:
            return None
    folder = "" if git.folder == Path() else f"-C {quote(str(git.folder))} "
    tag = "applied/last" if branch == "HEAD" else f"applied/{branch}"  # without a branch git says HEAD
    return f"{'commit the files, and then ' if is_dirty else ''}run `git {folder}tag --force {quote(tag)}`"


def _may_have_revisions(path: Path) -> bool:
    """Return whether a path may be in a git repository, without starting git."""
    above = (path.resolve(), *path.resolve().parents)
    return "GIT_DIR" in os.environ or any(os.path.lexists(folder / ".git") for folder in above)


@contextmanager
def read_only_plan(source: YamlSource, global_options: GlobalOptions) -> Iterator[tuple[PlanResult, Session | None]]:
    """Make a plan in a session that only reads, and yield both.

    Without a group to plan there is no session, because neither the API nor a key is needed.
    """
    desired, options = source.desired, source.options
    if options.changed_since is not None and not select_groups(desired, options).needs_api:
        try:
            instance_id = endpoint_of(global_options, source.account).instance_id
        except UsageError:
            instance_id = ""
        yield PlanResult(empty_plan(desired, options, instance_id, country_code), {}), None
        return
    with reading_session(global_options, source.account) as session:
        yield source.plan(session, global_options), session
