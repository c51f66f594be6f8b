"""Look the pinned packages up among the known vulnerabilities, and say clearly when that could not be done.

    python .ci/audit.py [AUDITOR]

Fails when a pinned package has a known vulnerability, and when the auditor itself fails. Passes, and says "skipped",
only where the data on vulnerabilities cannot be reached: an auditor that found nothing on any package has no data,
whatever it says of itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PINS = Path(__file__).parents[1] / "constraints.txt"
PATIENCE = 10
"""Seconds: `make test` waits for this step twice as long at most."""

UNREACHABLE = ("ConnectionError", "Could not connect", "Max retries", "timed out", "ServiceError", "ProxyError")
"""Words by which the auditor says that it got no data."""


def main(auditor: str) -> int:
    """Run the auditor over the pins; the exit code.

    One pin goes first: where nothing is known of it, all the others are not worth a request each.
    """
    pins = [line for line in PINS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    first = next(pin for pin in pins if pin.startswith("requests=="))
    for asked in ([first], pins):
        found, said = _audited(auditor, asked)
        if found is None:
            return _without_data(said)
        if all("skip_reason" in package for package in found):
            return _say("audit: skipped: no data on vulnerabilities can be had from here", 0)
    return _judge(found or [])


def _audited(auditor: str, pins: list[str]) -> tuple[list[dict[str, Any]] | None, str]:
    """What the auditor found of each of these pins, None where it found out nothing; and what it said."""
    with tempfile.TemporaryDirectory() as folder:
        asked, found = Path(folder) / "asked.txt", Path(folder) / "found.json"
        asked.write_text("\n".join(pins), encoding="utf-8")
        command = [auditor, "--requirement", str(asked), "--no-deps", "--disable-pip", "--progress-spinner", "off"]
        command += ["--timeout", "5", "--format", "json", "--output", str(found)]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603 - our own tool
        except subprocess.TimeoutExpired:
            return None, f"timed out after {PATIENCE} s"
        if not found.exists():
            return None, ran.stderr
        packages: list[dict[str, Any]] = json.loads(found.read_text(encoding="utf-8"))["dependencies"]
        return packages, ran.stderr


def _without_data(said: str) -> int:
    last = said.strip().splitlines()[-1:] or ["it said nothing"]
    if any(word in said for word in UNREACHABLE):
        return _say("audit: skipped: the data on vulnerabilities cannot be reached from here", 0)
    return _say(f"audit: the auditor failed: {last[0]}", 1)


def _judge(packages: list[dict[str, Any]]) -> int:
    unknown = sorted(package["name"] for package in packages if "skip_reason" in package)
    looked_up = len(packages) - len(unknown)
    bad = [package for package in packages if package.get("vulns")]
    for package in bad:
        for flaw in package["vulns"]:
            fixed = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
            _say(f"audit: {package['name']} {package['version']}: {flaw['id']}, mended in {fixed}", 1)
    if bad:
        return 1
    lacking = f"; no data on {', '.join(unknown)}" if unknown else ""
    return _say(f"audit: no known vulnerability in {looked_up} pinned packages{lacking}", 0)


def _say(text: str, code: int) -> int:
    sys.stdout.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else str(Path(sys.executable).with_name("pip-audit"))))
