"""Build the docs site from the Markdown pages of this repository.

python docs/build_site.py [FOLDER]    write the site to FOLDER/html (default: build/site/html)

The pages link to each other and to examples by relative paths, so that they also work on a code host. The site
therefore mirrors the folders of the repository. The build is strict: a broken link or anchor fails it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PUBLISHED = (
    "*.md",
    "docs/*.md",
    "docs/images/*",
    "benchmarks/*.md",
    "benchmarks/results/*.svg",
    "examples/**/*.yaml",
    "examples/**/*.yml",
    "schemas/*.json",
)
"""Patterns of the files that the site contains."""


def build_site(folder: Path) -> Path:
    """Build the site in a new or old folder and return the folder of its HTML; raise CalledProcessError on warnings."""
    shutil.rmtree(folder, ignore_errors=True)
    for pattern in PUBLISHED:
        for source in sorted(ROOT.glob(pattern)):
            target = folder / "pages" / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    shutil.copy(ROOT / "docs" / "zensical.toml", folder)
    zensical = Path(sys.executable).with_name("zensical")
    subprocess.run([zensical, "build", "--strict", "--clean"], cwd=folder, check=True)  # noqa: S603
    return folder / "html"


if __name__ == "__main__":
    print(build_site(Path(*sys.argv[1:2] or (ROOT / "build" / "site",))))  # noqa: T201
