"""The registry against plain dicts: any course of calls leaves in it just what they have, and notes that lead there step by step."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import runstone
from runstone.errors import AlreadyExists, InvalidParameter, NotFound
from runstone.transport import discovery

NAMES = st.sampled_from(["forest", "forest", "Größe"])
ALIASES = st.sampled_from(["best", "old"])
KEYS = st.sampled_from(["a", "b/c"])
TEXTS = st.sampled_from(["", "x", "it's", "é"])
NUMBERS = st.sampled_from([1, 2, 2, 1, 3])
STAGES = st.sampled_from(["None", "Staging", "Production", "Archived"])


@dataclass
class Version:
    stage: str = "None"
    tags: dict[str, str] = field(default_factory=dict)
    description: str | None = None


@dataclass
class Model:
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    given: int = 0


class RegistryAgainstDict(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp(prefix="runstone-test-")
        self.client = runstone.Client(self.folder + "/store")
        self.source = f"models:/{self.client.create_logged_model('0').model_id}"
        self.models: dict[str, Model] = {}

    def teardown(self) -> None:
        discovery._opened.pop(self.folder + "/store").close()
        shutil.rmtree(self.folder)

    @initialize()
    def two_versions(self) -> None:
        self.create("forest")
        self.register("forest", "")
        self.register("forest", "x")

    def missing(self, name: str, number: int | None = None) -> bool:
        return name not in self.models or (number is not None and number not in self.models[name].versions)

    def call(self, absent: bool, method: str, *arguments: Any, **named: Any) -> bool:
        """Whether the call went through: it must not where what it names is absent."""
        if absent:
            with pytest.raises(NotFound):
                getattr(self.client, method)(*arguments, **named)
        else:
            getattr(self.client, method)(*arguments, **named)
        return not absent

    @rule(name=NAMES)
    def create(self, name: str) -> None:
        if name in self.models:
            with pytest.raises(AlreadyExists):
                self.client.create_registered_model(name)
        else:
            self.client.create_registered_model(name)
            self.models[name] = Model()

    @rule(name=st.sampled_from(["Größe", "Größe", "forest"]))
    def delete(self, name: str) -> None:
        if self.call(self.missing(name), "delete_registered_model", name):
            del self.models[name]

    @rule(
        name=st.sampled_from(["Größe", "other", "forest"]), new=st.sampled_from(["Größe", "other", "forest", "forest"])
    )
    def rename(self, name: str, new: str) -> None:
        if name in self.models and new in self.models and new != name:
            with pytest.raises(AlreadyExists):
                self.client.rename_registered_model(name, new)
        elif self.call(self.missing(name), "rename_registered_model", name, new):
            self.models[new] = self.models.pop(name)

    @rule(name=NAMES, text=TEXTS)
    def register(self, name: str, text: str) -> None:
        if self.call(self.missing(name), "create_model_version", name, self.source, description=text):
            model = self.models[name]
            model.given += 1
            model.versions[model.given] = Version(description=text)

    @rule(name=NAMES, number=NUMBERS)
    def delete_version(self, name: str, number: int) -> None:
        if self.call(self.missing(name, number), "delete_model_version", name, number):
            model = self.models[name]
            del model.versions[number]
            model.aliases = {alias: at for alias, at in model.aliases.items() if at != number}

    @rule(name=NAMES, alias=ALIASES, number=NUMBERS)
    def set_alias(self, name: str, alias: str, number: int) -> None:
        if self.call(self.missing(name, number), "set_registered_model_alias", name, alias, number):
            self.models[name].aliases[alias] = number

    @rule(name=NAMES, alias=ALIASES)
    def delete_alias(self, name: str, alias: str) -> None:
        if self.call(self.missing(name), "delete_registered_model_alias", name, alias):
            self.models[name].aliases.pop(alias, None)

    @rule(name=NAMES, number=NUMBERS, stage=STAGES, archive=st.booleans())
    def transition(self, name: str, number: int, stage: str, archive: bool) -> None:
        if archive and stage not in ("Staging", "Production"):
            with pytest.raises(InvalidParameter):
                self.client.transition_model_version_stage(name, str(number), stage, archive)
        elif self.call(self.missing(name, number), "transition_model_version_stage", name, str(number), stage, archive):
            versions = self.models[name].versions
            for other in versions.values():
                if archive and other.stage == stage:
                    other.stage = "Archived"
            versions[number].stage = stage

    @rule(name=NAMES, number=NUMBERS, key=KEYS, value=TEXTS)
    def tag_version(self, name: str, number: int, key: str, value: str) -> None:
        if self.call(self.missing(name, number), "set_model_version_tag", name, str(number), key, value):
            self.models[name].versions[number].tags[key] = value

    @rule(name=NAMES, number=NUMBERS, key=KEYS)
    def untag_version(self, name: str, number: int, key: str) -> None:
        if self.call(self.missing(name, number), "delete_model_version_tag", name, str(number), key):
            self.models[name].versions[number].tags.pop(key, None)

    @rule(name=NAMES, key=KEYS, value=TEXTS)
    def tag(self, name: str, key: str, value: str) -> None:
        if self.call(self.missing(name), "set_registered_model_tag", name, key, value):
            self.models[name].tags[key] = value

    @rule(name=NAMES, number=NUMBERS, text=TEXTS)
    def describe(self, name: str, number: int, text: str) -> None:
        if self.call(self.missing(name, number), "update_model_version", name, str(number), text):
            self.models[name].versions[number].description = text

    @invariant()
    def it_has_what_the_dicts_have(self) -> None:
        found = {model.name: model for model in self.client.search_registered_models()}
        assert found.keys() == self.models.keys()
        for name, model in self.models.items():
            assert found[name].tags == model.tags
            assert {alias: int(number) for alias, number in found[name].aliases.items()} == model.aliases
            newest = {version.stage: number for number, version in sorted(model.versions.items())}
            assert {one.current_stage: int(one.version) for one in found[name].latest_versions} == newest
            versions = self.client.search_model_versions(f"name = '{name}'")
            assert {
                int(one.version): Version(str(one.current_stage), one.tags, one.description) for one in versions
            } == model.versions
            for one in versions:
                assert one.aliases == sorted(alias for alias, at in model.aliases.items() if at == int(one.version))

    @invariant()
    def the_notes_lead_to_what_is_there(self) -> None:
        for name, model in self.models.items():
            aliases: dict[str, str] = {}
            stages: dict[str, str] = {}
            for change in self.client.get_registry_changes(name):
                if change.kind == "alias":
                    assert aliases.get(str(change.key)) == change.old, change
                    aliases[str(change.key)] = str(change.new)
                    if change.new is None:
                        del aliases[str(change.key)]
                elif change.kind == "stage":
                    assert stages.get(str(change.version), "None") == change.old, change
                    stages[str(change.version)] = str(change.new)
            assert {alias: int(number) for alias, number in aliases.items()} == model.aliases
            assert all(stages.get(str(number), "None") == one.stage for number, one in model.versions.items())


TestRegistryAgainstDict = RegistryAgainstDict.TestCase
TestRegistryAgainstDict.settings = settings(
    max_examples=30, stateful_step_count=40, suppress_health_check=list(HealthCheck)
)
