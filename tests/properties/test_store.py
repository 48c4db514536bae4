"""The store against a plain dict: any course of calls through the client leaves in it just what the dict has, also after a restart."""

from __future__ import annotations

import math
import shutil
import tempfile
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

import runstone
from runstone.entities import Metric, Param, RunTag, ViewType
from runstone.errors import AlreadyExists, InvalidParameter, NotFound
from runstone.transport import discovery

KEYS = st.sampled_from(["a", "b/c", "é 1", "d.e-f"])
TEXTS = st.one_of(st.sampled_from(["", "x", "1", "1.5", "it's"]), st.text(max_size=12))
NUMBERS = st.one_of(st.sampled_from([0.0, -1.0, 0.5, math.inf, math.nan]), st.floats(width=64))
STEPS = st.one_of(st.integers(0, 3), st.integers(-(2**63), 2**63 - 1))
TIMES = st.one_of(st.integers(0, 3), st.integers(0, 2**62))
PATHS = st.sampled_from(["file", "folder/file", "folder/deep/é.bin"])
BYTES = st.one_of(st.binary(max_size=40), st.integers(0, 3).map(lambda seed: bytes([seed]) * 20_000))
STATUSES = ("RUNNING", "FINISHED", "FAILED", "KILLED")


@dataclass
class Experiment:
    name: str
    tags: dict[str, str] = field(default_factory=dict)
    active: bool = True


@dataclass
class Run:
    experiment: str
    name: str
    status: str = "RUNNING"
    active: bool = True
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: dict[str, set[tuple[int, int, str]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


class StoreAgainstDict(RuleBasedStateMachine):
    experiments_made: Bundle[str] = Bundle("experiments_made")
    runs_made: Bundle[str] = Bundle("runs_made")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="runstone-test-")
        self.client = runstone.Client(self.folder + "/store")
        self.experiments = {"0": Experiment("Default")}
        self.runs: dict[str, Run] = {}

    def teardown(self) -> None:
        self._close()
        shutil.rmtree(self.folder)

    def _close(self) -> None:
        discovery._opened.pop(self.folder + "/store").close()

    @initialize(target=experiments_made)
    def default(self) -> str:
        return "0"

    @rule()
    def restart(self) -> None:
        self._close()
        self.client = runstone.Client(self.folder + "/store")

    @rule(target=experiments_made, name=st.sampled_from(["Default", "one", "two", "drei ß"]))
    def create_experiment(self, name: str) -> Any:
        if any(known.name == name for known in self.experiments.values()):
            with pytest.raises(AlreadyExists):
                self.client.create_experiment(name)
            return multiple()
        made = self.client.create_experiment(name)
        assert made not in self.experiments
        self.experiments[made] = Experiment(name)
        return made

    @rule(experiment=experiments_made, key=KEYS, value=TEXTS)
    def tag_experiment(self, experiment: str, key: str, value: str) -> None:
        known = self.experiments[experiment]
        if not known.active:
            with pytest.raises(InvalidParameter):
                self.client.set_experiment_tag(experiment, key, value)
            return
        self.client.set_experiment_tag(experiment, key, value)
        known.tags[key] = value

    @rule(experiment=experiments_made)
    def delete_or_restore_experiment(self, experiment: str) -> None:
        known = self.experiments[experiment]
        (self.client.delete_experiment if known.active else self.client.restore_experiment)(experiment)
        known.active = not known.active
        for run in self.runs.values():
            if run.experiment == experiment:
                run.active = known.active

    @rule(target=runs_made, experiment=experiments_made, tags=st.dictionaries(KEYS, TEXTS, max_size=2))
    def create_run(self, experiment: str, tags: dict[str, str]) -> Any:
        if not self.experiments[experiment].active:
            with pytest.raises(InvalidParameter):
                self.client.create_run(experiment, tags=tags)
            return multiple()
        made = self.client.create_run(experiment, tags=tags)
        name = made.info.run_name
        self.runs[made.info.run_id] = Run(experiment, name, tags={**tags, "mlflow.runName": name})
        return made.info.run_id

    @rule(run=runs_made)
    def delete_or_restore_run(self, run: str) -> None:
        known = self.runs[run]
        (self.client.delete_run if known.active else self.client.restore_run)(run)
        known.active = not known.active

    @rule(run=runs_made, status=st.sampled_from(STATUSES), name=st.none() | st.sampled_from(["n", "m"]))
    def update_run(self, run: str, status: str, name: str | None) -> None:
        known = self.runs[run]
        if not known.active:
            with pytest.raises(InvalidParameter):
                self.client.update_run(run, status, name)
            return
        self.client.update_run(run, status, name)
        known.status = status
        if name is not None:
            known.name = known.tags["mlflow.runName"] = name

    @rule(
        run=runs_made,
        params=st.dictionaries(KEYS, TEXTS, max_size=3),
        tags=st.dictionaries(KEYS, TEXTS, max_size=2),
        metrics=st.lists(st.tuples(KEYS, NUMBERS, TIMES, STEPS), max_size=6),
    )
    def log_batch(self, run: str, params: dict[str, str], tags: dict[str, str], metrics: list[Any]) -> None:
        known = self.runs[run]
        conflict = any(known.params.get(key, value) != value for key, value in params.items())

        def log() -> None:
            self.client.log_batch(
                run,
                [Metric(*point) for point in metrics],
                [Param(*param) for param in params.items()],
                [RunTag(*tag) for tag in tags.items()],
            )

        # nothing at all is not even asked for
        if conflict or (not known.active and (params or tags or metrics)):
            with pytest.raises(InvalidParameter):
                log()
            return
        log()
        known.params |= params
        known.tags |= tags
        for key, value, timestamp, step in metrics:
            # repr tells NaN from nothing, and -0.0 from 0.0
            known.points.setdefault(key, set()).add((step, timestamp, repr(value)))

    @rule(run=runs_made, key=KEYS)
    def delete_tag(self, run: str, key: str) -> None:
        known = self.runs[run]
        if key not in known.tags or not known.active:
            with pytest.raises((NotFound, InvalidParameter)):
                self.client.delete_tag(run, key)
            return
        self.client.delete_tag(run, key)
        del known.tags[key]

    @rule(run=runs_made, path=PATHS, data=BYTES)
    def log_file(self, run: str, path: str, data: bytes) -> None:
        known = self.runs[run]
        if not known.active:
            with pytest.raises(InvalidParameter):
                self.client.log_bytes(run, data, path)
            return
        self.client.log_bytes(run, data, path)
        known.files[path] = data

    @rule(run=runs_made)
    def look_at_run(self, run: str) -> None:
        known, found = self.runs[run], self.client.get_run(run)
        assert (found.info.experiment_id, found.info.run_name) == (known.experiment, known.name)
        assert (found.info.status, found.info.lifecycle_stage == "active") == (known.status, known.active)
        assert (found.data.params, found.data.tags) == (known.params, known.tags)
        assert set(found.data.metrics) == set(known.points)
        for key, points in known.points.items():
            columns = self.client.get_metric_series(run, key)
            rows = list(zip(*(column.tolist() for column in columns), strict=True))
            assert len(rows) == len(points), "a point twice, or none"
            assert {(step, timestamp, repr(value)) for step, timestamp, value in rows} == points
            last = max((step, timestamp) for step, timestamp, _ in points)
            assert repr(found.data.metrics[key]) in {value for step, time, value in points if (step, time) == last}
            history = self.client.get_metric_history(run, key)
            assert {(point.step, point.timestamp, repr(point.value)) for point in history} == points
        for path, data in known.files.items():
            assert self.client.read_artifact(run, path) == data
        top = {path.split("/")[0] for path in known.files}
        assert {file.path for file in self.client.list_artifacts(run)} == top

    @precondition(lambda self: self.runs)
    @rule(
        view=st.sampled_from(ViewType),
        key=KEYS,
        text=TEXTS.filter(lambda text: text.isalnum()),
        number=st.integers(-1, 1),
    )
    def search(self, view: ViewType, key: str, text: str, number: int) -> None:
        inside = {
            run_id
            for run_id, run in self.runs.items()
            if view == ViewType.ALL or run.active == (view == ViewType.ACTIVE_ONLY)
        }

        def found(filter_string: str) -> set[str]:
            answer = self.client.search_runs(list(self.experiments), filter_string, view)
            ids = [run.info.run_id for run in answer]
            assert len(set(ids)) == len(ids)
            return set(ids)

        assert found("") == inside
        assert found(f"params.`{key}` = '{text}'") == {i for i in inside if self.runs[i].params.get(key) == text}
        assert found(f"tags.`{key}` = '{text}'") == {i for i in inside if self.runs[i].tags.get(key) == text}
        assert found("status = 'RUNNING'") == {i for i in inside if self.runs[i].status == "RUNNING"}
        counted = {i for i in inside if len(self.runs[i].points.get(key, ())) >= number > 0}
        if number > 0:
            assert found(f"metrics.`{key}`.count >= {number}") == counted

    @invariant()
    def experiments_are_as_they_should_be(self) -> None:
        found = {known.experiment_id: known for known in self.client.search_experiments(ViewType.ALL)}
        assert {
            number: Experiment(known.name, known.tags, known.lifecycle_stage == "active")
            for number, known in found.items()
        } == self.experiments


COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck)}

TestStore = StoreAgainstDict.TestCase
TestStore.settings = settings(max_examples=20, stateful_step_count=30, **COMMON)


@pytest.mark.soak
class TestStoreForLong(StoreAgainstDict.TestCase):
    settings = settings(max_examples=200, stateful_step_count=50, **COMMON)
