"""`email-course preview`: the emails as files, and as pictures on a phone in light and dark mode and on a desktop."""

import subprocess
import sys
from pathlib import Path
from shutil import copytree, which

import pytest
from PIL import Image

from cli.chromium import NAMES
from local_cloud.cloud import TEMPLATE
from tests.conftest import cannot_run_here


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template in a folder with a copy of the emails."""
    copytree(TEMPLATE.parent / "emails", tmp_path / "emails")
    (tmp_path / "template.yaml").write_text(TEMPLATE.read_text("utf-8"), "utf-8")
    return tmp_path / "template.yaml"


def preview(template: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "email-course"), "preview", "--template", str(template), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_an_email_is_written_as_a_file_to_open(template: Path) -> None:
    done = preview(template, "acknowledge")
    assert (done.returncode, done.stderr) == (0, "")
    plain, again = (Path(line) for line in done.stdout.splitlines())
    assert plain == template.parent / "build/preview/rebuild-trust/acknowledge.html"
    assert "Hello Robin," in plain.read_text("utf-8")
    assert "Good to have you back" in again.read_text("utf-8")
    assert "Hello Robin,\n" in plain.with_suffix(".txt").read_text("utf-8")


def test_an_unknown_email_is_answered_with_the_known_ids(template: Path) -> None:
    done = preview(template, "acknowlege")
    assert done.returncode == 2
    assert done.stderr.startswith("email-course: no email 'acknowlege': the ids are intro, acknowledge, own-it, ")
    assert preview(template, "--course", "nope").stderr == "email-course: no email '' in a course 'nope'\n"


def test_a_mistake_is_reported_in_one_line(template: Path) -> None:
    (template.parent / "emails/rebuild-trust/02-own-it.md.j2").write_text("no subject", "utf-8")
    done = preview(template)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "02-own-it.md.j2:1: must start with its subject" in done.stderr


def test_a_picture_shows_phone_dark_mode_and_desktop_side_by_side(template: Path, tmp_path: Path) -> None:
    if not any(which(name) for name in NAMES):
        cannot_run_here("no Chromium")
    done = preview(template, "own-it", "--shots", str(tmp_path / "shots"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"  1/1  {tmp_path}/shots/rebuild-trust/own-it.png\n"
    picture = Image.open(tmp_path / "shots/rebuild-trust/own-it.png").convert("RGB")
    assert picture.width == 360 + 24 + 360 + 24 + 700
    light, dark, desk = (picture.getpixel((x, 4)) for x in (4, 360 + 24 + 4, 2 * (360 + 24) + 4))
    assert isinstance(light, tuple)
    assert isinstance(dark, tuple)
    assert min(light) > 200
    assert max(dark) < 60
    assert desk != light, "on a desktop the email shows its background"
