"""A model is signed with a key, in a folder and in a store, and whatever was changed since is found."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression

import runstone
from runstone.errors import CorruptData, Forbidden, InvalidParameter, NotFound
from runstone.models import make_signing_key, sign_model, verify_model


def test_a_folder_is_signed_and_every_change_is_found(tmp_path: Path) -> None:
    folder, key = tmp_path / "saved", tmp_path / "key"
    runstone.sklearn.save_model(LinearRegression(), folder)
    public = make_signing_key(key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(NotFound, match="not signed"):
        verify_model(folder, public)
    sign_model(folder, key)
    verify_model(folder, public)
    assert isinstance(runstone.load_model(folder), LinearRegression)
    (folder / "more.py").write_text("x")
    with pytest.raises(CorruptData, match=r"more\.py"):
        verify_model(folder, public)
    (folder / "more.py").unlink()
    described = (folder / "MLmodel").read_text()
    (folder / "MLmodel").write_text(described + "\n")
    with pytest.raises(CorruptData, match="MLmodel"):
        verify_model(folder, public)
    (folder / "MLmodel").write_text(described)
    verify_model(folder, public)
    (folder / "code").symlink_to(tmp_path)
    with pytest.raises(InvalidParameter, match="link"):
        verify_model(folder, public)


def test_another_key_is_told_and_no_key_is_written_over(tmp_path: Path) -> None:
    runstone.sklearn.save_model(LinearRegression(), tmp_path / "saved")
    make_signing_key(tmp_path / "key")
    other = make_signing_key(tmp_path / "other")
    sign_model(tmp_path / "saved", tmp_path / "key")
    with pytest.raises(Forbidden, match="not signed with the key"):
        verify_model(tmp_path / "saved", other)
    with pytest.raises(InvalidParameter, match="already"):
        make_signing_key(tmp_path / "key")
    with pytest.raises(InvalidParameter, match=r"\.pub"):
        verify_model(tmp_path / "saved", tmp_path / "key")
    signature = tmp_path / "saved" / "runstone-signature.json"
    signature.write_text(signature.read_text().replace("MLmodel", "MLmodem"))
    with pytest.raises(Forbidden):
        verify_model(tmp_path / "saved", tmp_path / "key.pub")


@pytest.mark.everywhere
def test_a_logged_model_is_signed_in_its_store(tmp_path: Path) -> None:
    public = make_signing_key(tmp_path / "key")
    uri = runstone.sklearn.log_model(LinearRegression(), name="line").model_uri
    sign_model(uri, tmp_path / "key")
    verify_model(uri, public)
    assert isinstance(runstone.load_model(uri), LinearRegression)
