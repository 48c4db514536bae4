"""Where data came from: what a source is taken for, what is recorded of it, and how the data are fetched back."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas
import pytest

from runstone import data, entities
from runstone.errors import InvalidParameter, MissingFile, NotServed, RunstoneError

FRAME = pandas.DataFrame({"a": [1]})


@pytest.mark.parametrize(
    ("source", "kind", "facts"),
    [
        ("data/x.csv", "local", {"uri": "data/x.csv"}),
        (Path("/data/x.csv"), "local", {"uri": "/data/x.csv"}),
        ("file:///data/x.csv", "local", {"uri": "file:///data/x.csv"}),
        ("C:/data/x.csv", "local", {"uri": "C:/data/x.csv"}),
        ("http://host/x.csv", "http", {"url": "http://host/x.csv"}),
        ("HTTPS://host/x.csv?v=1", "http", {"url": "HTTPS://host/x.csv?v=1"}),
        ("s3://bucket/x", "s3", {"uri": "s3://bucket/x"}),
        ("gs://bucket/x", "gs", {"uri": "gs://bucket/x"}),
        ("abfss://container@account.dfs.core.windows.net/x", "abfss", {"uri": "abfss://container@account.dfs.core.windows.net/x"}),
        ("dbfs:/x", "dbfs", {"uri": "dbfs:/x"}),
        ("runs:/0123/x.csv", "runs", {"uri": "runs:/0123/x.csv"}),
    ],
)  # fmt: skip
def test_a_source_is_taken_for_what_it_says(source: str, kind: str, facts: dict[str, str]) -> None:
    dataset = data.from_pandas(FRAME, source=source)
    assert (dataset.source_type, json.loads(dataset.source.to_json())) == (kind, facts)
    entity = dataset._to_mlflow_entity()
    again = data.get_source(entities.DatasetInput(entity))
    assert (type(again), again.to_json()) == (type(dataset.source), dataset.source.to_json())


def test_without_a_source_it_is_the_code_that_runs() -> None:
    source = data.from_pandas(FRAME).source
    assert isinstance(source, data.CodeDatasetSource)
    assert source.tags["mlflow.source.type"] == "LOCAL"
    assert {"mlflow.user", "mlflow.source.name"} <= set(source.tags)
    assert all(key.startswith("mlflow.") for key in source.tags)
    with pytest.raises(NotServed, match="run it again"):
        source.load()


@pytest.mark.parametrize("wrong", ["", 5, b"x", ["x"]])
def test_what_names_no_place_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidParameter, match="source"):
        data.from_pandas(FRAME, source=wrong)


@pytest.mark.parametrize(
    "source",
    [
        "https://me:hunter2@host/x.csv",
        "https://host/x.csv?X-Amz-Signature=hunter2&v=1",
        "postgresql://me:hunter2@host/db",
        "s3://KEY:hunter2@bucket/x",
    ],
)
def test_credentials_are_not_recorded(source: str) -> None:
    dataset = data.from_pandas(FRAME, source=source)
    assert "hunter2" not in dataset.to_json() + repr(dataset)
    assert "***" in dataset.source.to_json()


def test_a_source_of_ones_own_is_kept() -> None:
    class Warehouse(data.DatasetSource):
        def _get_source_type(self) -> str:
            return "warehouse"

        def to_dict(self) -> dict[str, str]:
            return {"table": "t"}

    dataset = data.from_pandas(FRAME, source=Warehouse())
    assert (dataset.source_type, dataset.source.to_json()) == ("warehouse", '{"table": "t"}')
    recorded = data.get_source(dataset._to_mlflow_entity())
    assert isinstance(recorded, data.RecordedDatasetSource)
    assert (recorded.kind, recorded.facts) == ("warehouse", {"table": "t"})
    with pytest.raises(NotServed, match="warehouse"):
        recorded.load()


@pytest.mark.parametrize("text", ["", "no json", "[1]", '"x"', "__import__('os').system('true')"])
def test_text_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter, match="not a JSON object"):
        data.get_source(entities.Dataset("a", "b", "local", text))


@pytest.mark.parametrize("facts", ['{"uri": 5}', '{"uri": {"a": 1}}', "{}", '{"url": "x"}'])
@pytest.mark.parametrize("kind", ["local", "http", "code", "os.system"])
def test_facts_of_another_shape_become_plain_fields(kind: str, facts: str) -> None:
    source = data.get_source(entities.Dataset("a", "b", kind, facts))
    assert isinstance(source, data.DatasetSource)
    assert source._get_source_type() == kind
    with pytest.raises(RunstoneError):
        source.load()


@pytest.mark.parametrize("wrong", [None, "x", 5, {"source": "x"}])
def test_what_is_no_dataset_has_no_source(wrong: object) -> None:
    with pytest.raises(InvalidParameter, match="get_source"):
        data.get_source(wrong)


def test_a_local_source_gives_its_path_or_a_copy(tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_text("x")
    (tmp_path / "copy").mkdir()
    for source in (str(tmp_path / "a b.csv"), f"file://{tmp_path}/a%20b.csv", "a b.csv"):
        loaded = data.from_pandas(FRAME, source=source).source.load()
        assert Path(loaded).read_text() == "x"
    assert Path(data.from_pandas(FRAME, source="a b.csv").source.load("copy")) == Path("copy/a b.csv")
    assert (tmp_path / "copy" / "a b.csv").read_text() == "x"
    folder = data.from_path(tmp_path / "copy")
    assert Path(folder.source.load(str(tmp_path / "copy2"))) == tmp_path / "copy2" / "copy"


def test_a_source_that_is_gone_says_so() -> None:
    with pytest.raises(MissingFile, match=r"gone\.csv"):
        data.from_pandas(FRAME, source="gone.csv").source.load()
    with pytest.raises(InvalidParameter, match="machine 'other'"):
        data.from_pandas(FRAME, source="file://other/x.csv").source.load()


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/redirect"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()
            return
        body = b"some data" * 1000
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(body) + (self.path == "/broken")))
        self.send_header("Content-Disposition", 'attachment; filename="../../evil.csv"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_http_source_is_downloaded_whole(address: str, tmp_path: Path) -> None:
    source = data.from_pandas(FRAME, source=f"{address}/folder/x.csv?v=1").source
    assert Path(source.load(str(tmp_path))) == tmp_path / "x.csv"
    assert (tmp_path / "x.csv").read_bytes() == b"some data" * 1000
    elsewhere = Path(source.load())
    assert elsewhere.name == "x.csv"
    elsewhere.unlink()
    elsewhere.parent.rmdir()


@pytest.mark.parametrize(
    ("path", "name"),
    [("/..%2F..%2Fevil", "evil"), ("/%2e%2e", "data"), ("/", "data"), ("/.hidden", "hidden"), ("/a%00b", "a_b"), ("/redirect?/x.csv", "redirect")],
)  # fmt: skip
def test_the_server_chooses_neither_name_nor_place(address: str, tmp_path: Path, path: str, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    assert data.HTTPDatasetSource(address + path).load(str(folder)) == str(folder / name)
    assert [file.name for file in folder.iterdir()] == [name]
    assert [file.name for file in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize(
    "path", ["/missing", "/broken", "/redirect?file:///etc/hostname", "/redirect?ftp://127.0.0.1/x"]
)
def test_a_download_that_fails_leaves_nothing(
    address: str, tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for folder in (str(tmp_path), None):
        with pytest.raises(RunstoneError, match="Cannot download"):
            data.HTTPDatasetSource(address + path).load(folder)
    assert list(tmp_path.iterdir()) == []


def test_an_http_source_reads_nothing_but_http(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match="http or https"):
        data.get_source(entities.Dataset("a", "b", "http", '{"url": "file:///etc/hostname"}')).load(str(tmp_path))
