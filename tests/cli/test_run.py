"""`email-course run` in its own process, and the Python versions that `make setup` refuses."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from shutil import which
from urllib.request import urlopen

import pytest

from cli.main import TEMPLATE

ROOT = Path(__file__).parents[2]
COMMAND = [str(Path(sys.executable).parent / "email-course"), "run"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command where it cannot start, so that it ends by itself."""
    return subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_it_prints_two_addresses_answers_on_both_and_ends_at_ctrl_c() -> None:
    with subprocess.Popen(
        [*COMMAND, "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            lines = [process.stdout.readline() for _ in range(3)]
            addresses = [address for line in lines for address in re.findall(r"http://\S+", line)]
            assert len(addresses) == 2, f"{lines}{process.stderr.read() if process.poll() else ''}"
            sign_up, outside = addresses
            assert outside == f"{sign_up}_local"
            assert b'name="address"' in urlopen(sign_up, timeout=20).read()
            assert b"No email yet" in urlopen(outside, timeout=20).read()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
            assert process.stdout.read() == "\nEnded. Nothing is kept.\n"
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_a_taken_port_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("--port", str(port))
    assert result.returncode == 1
    assert result.stdout == ""
    told = rf"email-course: cannot listen on 127.0.0.1:{port}: .+; choose another with --port in ARGS, .+\n"
    assert re.fullmatch(told, result.stderr)


def test_a_broken_template_is_reported_in_one_line_that_names_the_place(tmp_path: Path) -> None:
    source = TEMPLATE.read_text(encoding="utf-8")
    broken = tmp_path / "template.yaml"
    broken.write_text(source.replace("OUTBOX_URL: !Ref Outbox", "OUTBOX_URL: !Ref Outbx"), encoding="utf-8")
    for folder in ("functions", "emails"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    result = run("--port", "0", "--template", str(broken))
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == "email-course: SignUp.Environment: there is no resource or parameter Outbx\n"


# ---------------------------------------------------------------- the Python that it needs

SHELL = which("sh")


@pytest.mark.skipif(SHELL is None, reason="cannot run here: no sh")
@pytest.mark.parametrize("chosen", ["by PYTHON=", "from the PATH"])
def test_a_python_that_is_too_old_is_reported_in_one_line_and_nothing_is_made(tmp_path: Path, chosen: str) -> None:
    programs, venv = tmp_path / "bin", tmp_path / "venv"
    programs.mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        old = programs / name
        old.write_text('#!/bin/sh\n[ "$1" = -V ] && { echo Python 3.9.2; exit; }\nexit 1\n', encoding="utf-8")
        old.chmod(0o755)
    result = subprocess.run(
        [str(SHELL), str(ROOT / "tools" / "venv.sh"), str(venv), "constraints.txt", "nothing"],
        cwd=tmp_path,
        env={"PATH": str(programs)} | ({"PYTHON": str(programs / "python3")} if chosen == "by PYTHON=" else {}),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert result.returncode == 1
    assert re.fullmatch(r"[^\n]*3\.9\.2[^\n]*\n", result.stderr)
    assert "3.11 or later is needed" in result.stderr
    assert not venv.exists()
