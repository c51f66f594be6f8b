"""Saved plans: recognize and read them, check that their YAML sources have not changed, verify them."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.atomic_file import is_missing
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.options import PlanRequest, today
from reconciler.cli.output import write_file
from reconciler.cli.progress import show_reading
from reconciler.cli.session import Account, Session
from reconciler.engine import PlanResult
from reconciler.errors import ConfigError, PlanFileError, UsageError
from reconciler.model.desired import Desired, InputFile, Limit
from reconciler.model.rules import RuleOverride
from reconciler.plan.change_rules import with_ended_exemptions
from reconciler.plan.file_format import FORMAT, FORMAT_VERSION, SavedPlan, plan_document
from reconciler.plan.model import Plan
from reconciler.plan.selection import Spent
from reconciler.plan.source_losses import NOTHING_COMPARED, SourceComparison, compare_sources
from reconciler.plan.staleness import raise_if_expired
from reconciler.sanitize.escape import json_text
from reconciler.saved_plan_check import verify_saved_plan

log = logging.getLogger("reconciler.plan")
apply_log = logging.getLogger("reconciler.apply")
FIXED_IN_PLAN = ("targets", "excludes", "shard", "as_of", "changed_since", "allow_lookalikes", "accept_sources")
MARKER = f'"{FORMAT}"'.encode()


@dataclass(frozen=True, slots=True)
class SavedPlanSource:
    """A saved plan; `desired` is the configuration behind it, where that is still there.

    `files` are the plan's own file and its sources, `digest` is the SHA-256 of the first. `path` is where the
    configuration is, else the plan. `max_removals` is the limit of the command line, `overridden_rules` those of the
    plan and of the command line, `sources` what became of the people files, `spent` what an audit log shows of
    the last 24 hours.
    """

    files: tuple[Path, ...]
    path: Path
    digest: str
    account: Account
    saved: SavedPlan
    desired: Desired | None
    max_removals: Limit | None
    overridden_rules: tuple[RuleOverride, ...]
    sources: SourceComparison
    spent: Spent

    def with_spent(self, spent: Spent) -> SavedPlanSource:
        """Return the same for a check that counts what an audit log shows against the budget."""
        return replace(self, spent=spent)

    def plan(self, session: Session, global_options: GlobalOptions) -> PlanResult:
        """Verify the plan against the live groups that it changes, and show how far reading is."""
        raise_if_expired(self.saved.plan, today())
        with show_reading(global_options, session.throttle.seconds_to_wait) as on_read:
            return verify_saved_plan(
                self.saved.plan,
                session.client,
                desired=self.desired,
                max_removals=self.max_removals,
                overridden_rules=self.overridden_rules,
                sources=self.sources,
                spent=self.spent,
                sandbox=global_options.sandbox,
                parallelism=global_options.parallelism,
                on_read=on_read,
            )

    def to_saved_plan(self, plan: Plan) -> SavedPlan:
        """Return the verified plan as the renderers take it, with its own time and sources."""
        return replace(self.saved, plan=plan)


def is_plan_file(path: Path) -> bool:
    """Return whether this is a saved plan, of any version, rather than YAML."""
    try:
        with path.open("rb") as file:
            head = file.read(4096).lstrip()
    except OSError:
        return False
    return head.startswith(b"{") and MARKER in head


def load_saved_plan(request: PlanRequest, global_options: GlobalOptions) -> SavedPlanSource:
    """Read the saved plan of a request, with what is behind it.

    Raises PlanFileError when it is not valid or its sources have changed, UsageError for options that it fixes.
    """
    from reconciler.plan.file_reader import read_plan_document

    _reject_fixed_options(request)
    max_removals = request.removal_limit()
    data = _read_bytes(request.path)
    saved = read_plan_document(_parse(data, request.path))
    plan = saved.plan
    if global_options.instance_id not in (None, plan.instance_id):
        raise UsageError(
            f"the plan is for the instance {plan.instance_id}, not for {global_options.instance_id}",
            "name the same instance, or make a new plan",
        )
    desired = _load_sources(saved, request.path)
    if desired is None:
        saved = replace(saved, plan=with_ended_exemptions(plan, today()))
    if desired is not None and global_options.instance_id is None:
        _require_own_instance(plan, desired)
    sources = [_resolve_source(source, request.path) for source in saved.sources]
    files = (request.path, *(path for path in sources if not os.path.isdir(path)))
    account = Account(plan.instance_id, None, plan.writes_per_minute)
    path, digest = _config_path(saved, request.path) or request.path, hashlib.sha256(data).hexdigest()
    overrides = _overrides(request, saved, desired)
    compared = NOTHING_COMPARED if desired is None else _compare_sources(saved, path, desired)
    return SavedPlanSource(files, path, digest, account, saved, desired, max_removals, overrides, compared, Spent())


def _overrides(request: PlanRequest, saved: SavedPlan, desired: Desired | None) -> tuple[RuleOverride, ...]:
    """Return the rules that this apply may break: those that were overridden for the plan, and more."""
    names = frozenset(finding.rule for finding in saved.plan.findings)
    names |= {rule.name for rule in desired.rules} if desired is not None else frozenset()
    more = request.overridden_rules(sorted(names))
    again = {override.rule for override in more}
    return (*(one for one in saved.plan.overridden_rules if one.rule not in again), *more)


def _compare_sources(saved: SavedPlan, path: Path, desired: Desired) -> SourceComparison:
    """Compare the sources of a saved plan again, with the revision that was applied last."""
    from reconciler.cli.revisions import read_applied

    accepted = [loss.file for loss in saved.plan.source_losses if loss.accepted]
    return compare_sources(read_applied(path, desired), desired, accepted)


def _reject_fixed_options(request: PlanRequest) -> None:
    """Raise UsageError for options that a saved plan has fixed.

    From an environment variable they only cause a warning: it may be set for the job that made the plan, too.
    """
    fixed = [name for name in FIXED_IN_PLAN if getattr(request, name)]
    if any(name not in request.from_environment for name in fixed):
        raise UsageError(
            "a saved plan does not take --target, --exclude, --shard, --as-of, --changed-since, --allow-lookalike or "
            "--accept-source",
            "make a new plan with these options",
        )
    if fixed:
        variables = ", ".join(request.from_environment[name] for name in fixed)
        apply_log.warning("ignored, because the saved plan fixes them: %s", variables)


def _require_own_instance(plan: Plan, desired: Desired) -> None:
    """Raise PlanFileError when the plan is for another instance than its YAML, which the command line did not name."""
    if desired.instance_id not in (None, plan.instance_id):
        raise PlanFileError(
            f"the plan is for the instance {plan.instance_id}, but its YAML names {desired.instance_id}",
            f"pass --instance-id {plan.instance_id} if you mean it, or make a new plan",
        )


def read_plan_file_to_show(path: Path) -> SavedPlan:
    """Read a saved plan only to show it; warn when another version of the format may hide a part of it."""
    from reconciler.plan.file_reader import read_plan_to_show

    saved = read_plan_to_show(_parse(_read_bytes(path), path))
    if saved.format_version != FORMAT_VERSION:
        log.warning(
            "the plan has format version %s; this program reads version %s and may not show all of it",
            saved.format_version,
            FORMAT_VERSION,
        )
    return saved


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PlanFileError(f"cannot read the plan file {path}: {error.strerror}") from None


def _parse(data: bytes, path: Path) -> Any:
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        if data.lstrip()[:1] != b"{":
            hint = "if it is a configuration, use `reconciler plan`; `plan --out FILE` saves a plan"
            raise PlanFileError(f"{path} is not a saved plan", hint) from None
        raise PlanFileError(f"the plan file {path} is not a complete JSON document", "make a new plan") from None


def _refuse_constant(word: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(word)


def write_plan_file(path: Path, saved: SavedPlan) -> None:
    """Write a plan for a later apply, readable for its owner only: it has full phone numbers."""
    write_file(path, json_text(plan_document(saved)), private=True)


def source_digests(path: Path, desired: Desired, planfile: Path) -> tuple[InputFile, ...]:
    """Return the sources of a plan, relative to the plan file; a folder is one itself, for the list of its files."""
    sources = list(desired.sources)
    if os.path.isdir(path):
        yaml = (Path(source.path) for source in desired.sources if not source.people_file)
        sources.append(InputFile(str(path), _names_digest(path, yaml)))
    return tuple(replace(source, path=_relative_to_plan(planfile, source.path)) for source in sources)


def _relative_to_plan(planfile: Path, source: str) -> str:
    """Return the path of a source relative to the real folder of the plan file.

    Links on the way to both are resolved, so that both can be moved together. A link on the way to the source alone
    is kept: when it changes its target, the plan is stale.
    """
    path, folder = _absolute(source), _absolute(str(planfile.parent))
    shared = os.path.commonpath([path, folder])
    path = os.path.join(os.path.realpath(shared), os.path.relpath(path, shared))
    return os.path.relpath(path, _real_folder(planfile))


def _absolute(path: str) -> str:
    """Return the absolute path without `..`, which leads to the parent of a link's target, not of the link."""
    result = os.getcwd()
    for part in Path(path).parts:
        result = os.path.dirname(os.path.realpath(result)) if part == ".." else os.path.join(result, part)
    return result


def _real_folder(planfile: Path) -> str:
    return os.path.dirname(os.path.realpath(planfile))


def _resolve_source(source: InputFile, planfile: Path) -> Path:
    """Return the path of a saved plan's source; relative to the working folder when it is below it."""
    path, here = Path(os.path.normpath(os.path.join(_real_folder(planfile), source.path))), Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _load_sources(saved: SavedPlan, planfile: Path) -> Desired | None:
    """Load the configuration behind a plan, after a check that its sources have not changed, or mean the same.

    Warns about missing sources, which cannot be checked, and returns None then. Raises PlanFileError when one changed
    and does not mean the same.
    """
    digests = {_resolve_source(source, planfile): source.digest for source in saved.sources}
    people_files = {_resolve_source(source, planfile) for source in saved.sources if source.people_file}
    missing = {path for path in digests if is_missing(path)}
    # Beside its YAML, a people file that is gone is a change.
    gone = people_files & missing if digests.keys() - people_files - missing else set()
    changed = gone | {path for path, digest in digests.items() if path not in missing and _digest(path) != digest}
    if not changed and (missing or not digests):
        what = ", ".join(sorted(map(str, missing))) or "the plan names no file"
        log.warning("cannot check whether the YAML changed since the plan was made; missing: %s", what)
        return None
    if not changed:
        desired = _load(saved, planfile)
        changed = people_files = set(_people_files(desired)) - digests.keys()
        if not changed:
            return desired
    same = _load_if_same_meaning(saved, planfile)
    names, is_yaml = ", ".join(sorted(map(str, changed))), not changed <= people_files
    if same is None:
        raise PlanFileError(
            f"the YAML changed since the plan was made: {names}"
            if is_yaml
            else f"a people file changed since the plan was made: {names}",
            "make a new plan (`reconciler show` still shows this one)",
        )
    what = "the YAML" if is_yaml else "a people file"
    log.info("%s changed since the plan was made, but means the same: %s", what, names)
    return same


def _people_files(desired: Desired) -> list[Path]:
    return [Path(source.path) for source in desired.sources if source.people_file]


def _load_if_same_meaning(saved: SavedPlan, planfile: Path) -> Desired | None:
    """Load changed files if they still describe the configuration that the plan was made from; else return None."""
    from reconciler.history.configuration_digest import configuration_digest

    if saved.configuration is None:
        return None
    try:
        desired = _load(saved, planfile)
    except ConfigError:
        return None
    return desired if configuration_digest(desired) == saved.configuration else None


def _load(saved: SavedPlan, planfile: Path) -> Desired:
    """Load the sources of a plan, without files of their folder that are new and have nothing but comments."""
    from reconciler.config import load
    from reconciler.config.source_files import config_files, has_only_comments
    from reconciler.history.file_history import history_of

    path, as_of = _config_path(saved, planfile) or planfile, saved.plan.as_of
    files = {_resolve_source(source, planfile) for source in saved.sources}
    new = set(config_files(path)) - files if os.path.isdir(path) else set()
    ignored = {file for file in new if has_only_comments(file)}
    # An exemption may have ended since the plan was made.
    return load(path, as_of=as_of, check_rules=today(), ignore=ignored, history=partial(history_of, path))


def _config_path(saved: SavedPlan, planfile: Path) -> Path | None:
    """Return the folder among the sources of a plan, else its only YAML file; None without any."""
    files = [_resolve_source(source, planfile) for source in saved.sources if not source.people_file]
    return next((path for path in files if os.path.isdir(path)), files[0] if files else None)


def _digest(path: Path) -> str:
    if os.path.isdir(path):
        from reconciler.config.source_files import config_files

        return _names_digest(path, config_files(path))
    if os.path.lexists(path) and not os.path.isfile(path):
        raise PlanFileError(f"cannot read {path}, a source of the plan: it is not a regular file")
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PlanFileError(f"cannot read {path}, a source of the plan: {error.strerror}") from None


def _names_digest(folder: Path, files: Iterable[Path]) -> str:
    names = "\n".join(str(file.relative_to(folder)) for file in files)
    return hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest()
