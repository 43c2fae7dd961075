"""`make mail-programs`: has each program write its replies; `ARGS="mutt alpine"` chooses some."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parent
SENT, WRITTEN = HERE / "sent", HERE / "written"
PROGRAMS = sorted(
    path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_") and path.stem not in ("cases", "sink")
)


def main(chosen: list[str]) -> int:
    """Says of each program how many replies it wrote. 1 if one wrote none."""
    if unknown := set(chosen) - set(PROGRAMS):
        sys.stderr.write(f"{', '.join(sorted(unknown))}: there is only {', '.join(PROGRAMS)}\n")
        return 2
    WRITTEN.mkdir(exist_ok=True)
    failed = 0
    for name in chosen or PROGRAMS:
        program = importlib.import_module(f"tests.mail.programs.{name}")
        installed(program.PACKAGES)
        with TemporaryDirectory() as home:
            count = sum(keep(*reply) for reply in program.written(SENT, Path(home)))
        sys.stdout.write(f"{name}: {count} replies\n")
        failed |= not count
    return failed


def installed(packages: tuple[str, ...]) -> None:
    """Installs Debian's packages that are missing."""
    missing = [
        package
        for package in packages
        if subprocess.run(["dpkg", "-s", package], capture_output=True, check=False).returncode
    ]
    if missing:
        if not shutil.which("apt-get"):
            sys.exit(f"needs Debian's packages {' '.join(missing)}")
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=True, stdout=sys.stderr
        )


def keep(case: Any, raw: bytes) -> bool:
    """Keeps a reply, what was typed and which email it answers."""
    (WRITTEN / f"{case.name}.eml").write_bytes(raw)
    (WRITTEN / f"{case.name}.txt").write_text(case.text, "utf-8")
    (WRITTEN / f"{case.name}.original").write_text(case.original, "utf-8")
    return True


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
