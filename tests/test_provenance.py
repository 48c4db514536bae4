"""What a run records without being asked: tags, packages, and what git says is not committed, without running a repository's code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.scripts import run, start

import runstone
from runstone.provenance.secrets import masked, without_credentials

SCRIPT = "import runstone\nwith runstone.start_run():\n    pass\n"
DIFF = ".runstone/diff.patch"


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "protocol.file.allow=always"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with one commit: `script.py`, which starts a run, and `model.py`."""
    folder = tmp_path / "code"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "script.py").write_text(SCRIPT)
    (folder / "model.py").write_text("size = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def recorded(folder: Path, source: str = SCRIPT) -> tuple[dict[str, str], str | None]:
    """The tags and the diff of the run that a script in the folder made."""
    code, _, err = run(folder, source)
    assert code == 0, err
    client = runstone.Client(folder / ".runstone")
    newest = client.search_runs(["0"])[0]
    names = [file.path for file in client.list_artifacts(newest.info.run_id, ".runstone")]
    diff = client.read_artifact(newest.info.run_id, DIFF).decode() if DIFF in names else None
    return newest.data.tags, diff


def test_a_clean_checkout_is_said_to_be_clean(repository: Path) -> None:
    tags, diff = recorded(repository)
    assert tags["mlflow.source.git.commit"] == git(repository, "rev-parse", "HEAD")
    assert tags["mlflow.source.git.branch"] == "main"
    assert tags["mlflow.source.git.dirty"] == "false"
    assert diff is None


def test_what_is_not_committed_is_a_patch_that_git_can_apply(repository: Path, tmp_path: Path) -> None:
    (repository / "model.py").write_text("size = 2\n")
    (repository / "staged.py").write_text("new = 1\n")
    git(repository, "add", "staged.py")
    (repository / "notes.txt").write_text("not told\n")
    (repository / "data").mkdir()
    (repository / "data" / "big").write_text("not told\n")
    (repository / "ignored").write_text("")
    (repository / ".git" / "info" / "exclude").write_text("ignored\n")
    tags, diff = recorded(repository)
    assert tags["mlflow.source.git.dirty"] == "true"
    assert diff is not None
    head, patch = diff.split("\n\n", 1)
    assert head.splitlines()[1:] == ["#   data/", "#   notes.txt"], "names only; the store is not told of"
    assert "not told" not in patch
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(repository), str(clone))
    (clone / "p").write_text(diff)
    git(clone, "apply", "p")
    assert (clone / "model.py").read_text() == "size = 2\n"
    assert (clone / "staged.py").read_text() == "new = 1\n"


def test_a_store_outside_of_the_checkout_hides_no_change(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "model.py").write_text("size = 2\n")
    monkeypatch.setenv("RUNSTONE_URI", str(tmp_path / "elsewhere"))
    code, _, err = run(repository, SCRIPT)
    assert code == 0, err
    client = runstone.Client(tmp_path / "elsewhere")
    newest = client.search_runs(["0"])[0]
    assert newest.data.tags["mlflow.source.git.dirty"] == "true"
    assert "+size = 2" in client.read_artifact(newest.info.run_id, DIFF).decode()


def test_the_state_at_the_start_counts(repository: Path) -> None:
    source = SCRIPT.replace("pass", "import time; open('model.py', 'w').write('size = 3')")
    (repository / "script.py").write_text(source)
    git(repository, "commit", "-qam", "script")
    # git is started before the script goes on; what it has not read yet it may see changed: a whole patch either way
    tags, diff = recorded(repository, source)
    assert (tags["mlflow.source.git.dirty"] == "true") == (diff is not None)


def test_the_index_of_the_repository_is_not_written(repository: Path) -> None:
    os.utime(
        repository / "model.py", (1, 1)
    )  # its stamp is no longer the one in the index; `git diff` would renew that
    before = (repository / ".git" / "index").read_bytes()
    tags, _ = recorded(repository)
    assert tags["mlflow.source.git.dirty"] == "false"
    assert (repository / ".git" / "index").read_bytes() == before
    assert not list((repository / ".git").glob("*.lock"))


def test_no_program_that_a_repository_names_is_run(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = repository.parent / "marker"
    program = repository.parent / "program"
    program.write_text(f"#!/bin/sh\necho $0 $@ >> {marker}\ncat\n")
    program.chmod(0o755)
    (repository / "sub").mkdir()
    git(repository / "sub", "init", "-q", "-b", "main")
    git(repository / "sub", "commit", "-q", "--allow-empty", "-m", "x")
    git(repository / "sub", "config", "core.fsmonitor", str(program))
    (repository / ".gitattributes").write_text("*.py filter=evil diff=evil\n")
    git(repository, "add", "sub", ".gitattributes")
    git(repository, "commit", "-q", "-m", "hostile")
    (repository / "included").write_text(f"[diff]\n\texternal = {program}\n[core]\n\tfsmonitor = {program}\n")
    (repository / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")
    for name, value in {
        "filter.evil.clean": program, "filter.evil.process": program, "filter.evil.required": "true",
        "diff.evil.textconv": program, "diff.evil.command": program, "core.pager": program, "pager.diff": program,
        "core.hooksPath": repository.parent, "include.path": repository / "included", "diff.submodule": "log",
        "core.sshCommand": program, "core.attributesFile": repository / ".gitattributes",
    }.items():  # fmt: skip
        git(repository, "config", name, str(value))
    (repository.parent / "post-index-change").write_text(program.read_text())
    (repository.parent / "post-index-change").chmod(0o755)
    (repository / "model.py").write_text("size = 2\n")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    monkeypatch.setenv("GIT_PAGER", str(program))
    subprocess.run(["git", "diff", "HEAD"], cwd=repository, capture_output=True)
    assert marker.exists(), "git as it comes runs them: the test would not see anything else"
    marker.unlink()
    tags, diff = recorded(repository)
    assert not marker.exists(), marker.read_text()
    assert tags["mlflow.source.git.dirty"] == "true"
    assert diff is not None
    assert "+size = 2" in diff


def test_words_of_the_configuration_without_which_all_would_look_changed_are_heeded(repository: Path) -> None:
    (repository / "model.py").chmod(0o755)
    assert recorded(repository)[0]["mlflow.source.git.dirty"] == "true"
    git(repository, "config", "core.fileMode", "false")
    assert recorded(repository)[0]["mlflow.source.git.dirty"] == "false"


def test_a_worktree_and_objects_of_another_repository_and_sha256(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    git(tmp_path, "clone", "-q", "--shared", str(repository), str(tmp_path / "shared"))
    longer = tmp_path / "longer"
    git(tmp_path, "init", "-q", "--object-format=sha256", "-b", "main", str(longer))
    (longer / "model.py").write_text("size = 1\n")
    git(longer, "add", ".")
    git(longer, "commit", "-q", "-m", "x")
    for folder, branch in ((tmp_path / "tree", "side"), (tmp_path / "shared", "main"), (longer, "main")):
        (folder / "model.py").write_text("size = 5\n")
        tags, diff = recorded(folder)
        assert tags["mlflow.source.git.branch"] == branch
        assert tags["mlflow.source.git.commit"] == git(folder, "rev-parse", "HEAD")
        assert diff is not None, folder
        assert "+size = 5" in diff


def test_a_big_difference_is_cut_and_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTONE_DIFF_LIMIT", "5000")
    (repository / "model.py").write_text("".join(f"line {number}\n" for number in range(200_000)))
    tags, diff = recorded(repository)
    assert tags["mlflow.source.git.dirty"] == "true"
    assert diff is not None
    assert 4_000 < len(diff) < 5_100
    assert diff.splitlines()[-1] == "# Cut here: the rest is beyond RUNSTONE_DIFF_LIMIT."


@pytest.mark.parametrize("setting", ["RUNSTONE_DIFF_LIMIT", "RUNSTONE_GIT_TIMEOUT"])
def test_git_is_not_asked_where_the_settings_say_so(
    repository: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv(setting, "0")
    (repository / "model.py").write_text("size = 2\n")
    tags, diff = recorded(repository)
    assert "mlflow.source.git.dirty" not in tags
    assert diff is None
    assert tags["mlflow.source.git.commit"]


def test_a_git_that_hangs_or_is_not_there_does_not_keep_the_run(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = repository.parent / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    (repository / "model.py").write_text("size = 2\n")
    tags, diff = recorded(repository)
    assert ("mlflow.source.git.dirty" in tags, diff) == (False, None)
    (programs / "git").write_text("#!/bin/sh\nexec /bin/sleep 1000\n")
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("RUNSTONE_GIT_TIMEOUT", "100000")  # in the background; the end of the run waits two seconds
    tags, diff = recorded(repository)
    assert ("mlflow.source.git.dirty" in tags, diff) == (False, None)
    assert os.listdir(repository / ".runstone" / "git") == []


def test_a_broken_repository_is_no_reason_to_fail(repository: Path) -> None:
    (repository / ".git" / "index").write_bytes(b"rubbish")
    tags, diff = recorded(repository)
    assert ("mlflow.source.git.dirty" in tags, diff) == (False, None)
    (repository / ".git" / "HEAD").write_bytes(b"\xff\xfe")
    tags, _ = recorded(repository)
    assert "mlflow.source.git.commit" not in tags


def test_a_long_run_has_its_packages_and_its_difference_while_it_goes_on(repository: Path) -> None:
    (repository / "model.py").write_text("size = 2\n")
    process = start(
        repository,
        """
        import runstone
        from runstone.fluent import recorder
        recorder._EARLY = 0.0
        run = runstone.start_run()
        names = []
        while len(names) < 2:
            names = [file.path for file in runstone.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path=".runstone")]
        print(*names, flush=True)
        input()
        """,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == ".runstone/diff.patch .runstone/packages.txt\n"
    process.kill()
    process.communicate()
    client = runstone.Client(repository / ".runstone")
    (found,) = client.search_runs(["0"])
    assert found.info.status == "KILLED"
    assert "+size = 2" in client.read_artifact(found.info.run_id, DIFF).decode()


def test_the_environment_is_not_recorded_and_the_packages_are(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_VARIABLE", "its-value-is-nobodys-business")
    recorded(repository)
    client = runstone.Client(repository / ".runstone")
    (found,) = client.search_runs(["0"])
    assert "its-value" not in str(found.to_dictionary())
    packages = client.read_artifact(found.info.run_id, ".runstone/packages.txt").decode()
    assert "its-value" not in packages
    assert "msgspec==" in packages


def test_credentials_do_not_get_into_the_tags(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://me:hunter2@example.org/code.git")
    (repository / "script.py").write_text(SCRIPT)
    arguments = [
        "--api-key", "hunter2", "--db=postgresql://me:hunter2@host/db", "HF_TOKEN=hunter2", "--note", "it's fine", "--epochs", "3",
    ]  # fmt: skip
    subprocess.run([sys.executable, "script.py", *arguments], cwd=repository, check=True)
    (found,) = runstone.Client(repository / ".runstone").search_runs(["0"])
    assert "hunter2" not in str(found.to_dictionary())
    assert found.data.tags["mlflow.source.git.repoURL"] == "https://***@example.org/code.git"
    assert found.data.tags["runstone.command"] == (
        "script.py --api-key *** --db=postgresql://***@host/db HF_TOKEN=*** --note 'it'\\''s fine' --epochs 3"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:pass@host/x", "https://***@host/x"),
        ("https://user:p@ss@host/x", "https://***@host/x"),
        ("https://ghp_0123456789abcdef@host/x", "https://***@host/x"),
        ("ssh://git@host/x", "ssh://git@host/x"),
        ("git@host:x.git", "git@host:x.git"),
        ("https://host/x?sig=abc&part=1&access_token=def", "https://host/x?sig=***&part=1&access_token=***"),
        ("--key=hf_abcdefghijklmnop", "--key=***"),
        ("mail me@host, or see https://host/@me", "mail me@host, or see https://host/@me"),
    ],
)
def test_an_address_is_told_without_its_credentials(text: str, expected: str) -> None:
    assert without_credentials(text) == expected


def test_arguments_that_only_sound_like_secrets_are_told() -> None:
    plain = ["--tokenizer", "bert", "--max-tokens=512", "--keys", "3", "--author", "me"]
    assert masked(plain) == plain
    assert masked(["--password", "a", "--my-secret=b", "--token", "c"]) == [
        "--password",
        "***",
        "--my-secret=***",
        "--token",
        "***",
    ]


def test_a_file_that_the_program_logs_under_one_of_our_names_is_not_replaced() -> None:
    names = ("console.log", "packages.txt")
    with runstone.start_run() as run:
        print("heard")
        for name in names:
            runstone.log_text("mine", f".runstone/{name}")
    client = runstone.Client()
    assert {client.read_artifact(run.info.run_id, f".runstone/{name}") for name in names} == {b"mine"}
    ours = {file.path for file in client.list_artifacts(run.info.run_id, ".runstone")}
    assert {".runstone/console-2.log", ".runstone/packages-2.txt"} <= ours
