"""`make mail-programs`: has each program write its replies; `ARGS="mutt alpine"` chooses some."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mail.programs._kept import SENT, keep

OTHERS = {"cases", "sink"}
PROGRAMS = sorted({path.stem for path in Path(__file__).parent.glob("[!_]*.py")} - OTHERS)


def main(chosen: list[str]) -> int:
    """Says of each program how many replies it wrote. 1 if one wrote none."""
    if unknown := set(chosen) - set(PROGRAMS):
        sys.stderr.write(f"{', '.join(sorted(unknown))}: there is only {', '.join(PROGRAMS)}\n")
        return 2
    failed = 0
    for name in chosen or PROGRAMS:
        program = importlib.import_module(f"tests.mail.programs.{name}")
        installed(program.PACKAGES)
        with TemporaryDirectory() as home:
            count = 0
            for case, raw in program.written(SENT, Path(home)):
                keep(case, raw)
                count += 1
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


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
