"""`make mail-programs`: runs each mail program and stores its replies; `ARGS="mutt alpine"` selects programs."""

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
    """Prints the number of replies of each program. Returns 1 if a program wrote no reply."""
    if unknown := set(chosen) - set(PROGRAMS):
        sys.stderr.write(f"{', '.join(sorted(unknown))}: the known programs are {', '.join(PROGRAMS)}\n")
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
    """Installs the missing Debian packages."""
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
