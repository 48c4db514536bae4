"""The MLmodel file: what a saved model is, in MLflow's keys. Files of MLflow 1 to 3 are read; keys that nobody here knows are kept."""

from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runstone.errors import BadRequest, NotFound, NotServed
from runstone.version import MLFLOW_VERSION

if TYPE_CHECKING:
    from runstone.models.info import ModelInfo
    from runstone.models.signature import ModelSignature
    from runstone.types.schema import ParamSchema, Schema

FILE_NAME = "MLmodel"
PYFUNC = "python_function"
# An MLmodel file is some kilobytes; a signature of ten thousand columns is a megabyte.
MOST_BYTES = 16 * 1024 * 1024


class Model:
    """A saved model's description. Attributes are the keys of the MLmodel file.

    Args:
        artifact_path: where it was logged: a path among a run's files, or (from MLflow 3 on) an address.
        run_id: the run that made it.
        utc_time_created: "YYYY-MM-DD HH:MM:SS.ffffff", UTC; now, unless said.
        flavors: flavor's name to its block.
        signature: what it takes and gives; as an object or as MLmodel's mapping.
        saved_input_example_info: what is known of the example beside it.
        model_uuid: names this saved model; made unless said. A logged model's is its id.
        mlflow_version: whose format it is.
        metadata: what the user wants kept beside it.
        model_size_bytes: of its files.
        model_id: the logged model that it is.
        others: keys that MLflow has for other purposes, and unknown ones: kept as they are.
    """

    def __init__(
        self,
        artifact_path: str | None = None,
        run_id: str | None = None,
        utc_time_created: str | datetime.datetime | None = None,
        flavors: dict[str, dict[str, Any]] | None = None,
        signature: ModelSignature | Mapping[str, Any] | None = None,
        saved_input_example_info: dict[str, Any] | None = None,
        model_uuid: str | None = None,
        mlflow_version: str | None = MLFLOW_VERSION,
        metadata: dict[str, Any] | None = None,
        model_size_bytes: int | None = None,
        model_id: str | None = None,
        **others: Any,
    ) -> None:
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        self.artifact_path, self.run_id = artifact_path, run_id
        self.utc_time_created = str(utc_time_created or now.isoformat(sep=" ", timespec="microseconds"))
        self.flavors: dict[str, dict[str, Any]] = {} if flavors is None else flavors
        self.signature = signature
        self.saved_input_example_info = saved_input_example_info
        self.model_uuid = model_uuid or uuid.uuid4().hex
        self.mlflow_version, self.metadata, self.model_size_bytes = mlflow_version, metadata, model_size_bytes
        self.model_id = model_id
        self.others = others

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Model {self.model_uuid}: {', '.join(self.flavors) or 'no flavor'}>"

    @property
    def signature(self) -> ModelSignature | None:
        """What it takes and gives; None where nobody said."""
        return self._signature

    @signature.setter
    def signature(self, value: ModelSignature | Mapping[str, Any] | None) -> None:
        if isinstance(value, Mapping):
            from runstone.models.signature import ModelSignature

            value = ModelSignature.from_dict(dict(value))
        self._signature = value

    def get_input_schema(self) -> Schema | None:
        """The schema of what it takes."""
        return self.signature.inputs if self.signature else None

    def get_output_schema(self) -> Schema | None:
        """The schema of what it gives."""
        return self.signature.outputs if self.signature else None

    def get_params_schema(self) -> ParamSchema | None:
        """The schema of the params that predicting takes."""
        return self.signature.params if self.signature else None

    def load_input_example(self, path: str | None = None) -> Any:
        """The data of the example beside it, in its signature's types; None where it has none.

        Args:
            path: the model's folder; without it the example is fetched from where the model was logged.
        """
        from runstone.models.examples import load_input_example
        from runstone.models.fetching import beside

        with beside(self, path) as folder:
            return load_input_example(folder, self.saved_input_example_info, self.get_input_schema())

    def load_input_example_params(self, path: str | None = None) -> dict[str, Any] | None:
        """The params of the example beside it; None where it has none. `path` as above."""
        from runstone.models.examples import load_params
        from runstone.models.fetching import beside

        with beside(self, path) as folder:
            return load_params(folder, self.saved_input_example_info)

    def get_serving_input(self, path: str | None = None) -> str | None:
        """The body of a request that asks for the example beside it; None where it has none. `path` as above."""
        from runstone.flavors.flavor import check_path
        from runstone.models.fetching import beside

        name = (self.saved_input_example_info or {}).get("serving_input_path")
        if name is None:
            return None
        with beside(self, path) as folder, open(check_path(folder, name, "serving input"), encoding="utf-8") as file:
            return file.read()

    def add_flavor(self, name: str, **params: Any) -> Model:
        """Set a flavor's block."""
        self.flavors[name] = params
        return self

    def get_model_info(self, logged_model: Any = None) -> ModelInfo:
        """The same as `log_model` gives back."""
        from runstone.models.info import ModelInfo

        return ModelInfo.of(self, logged_model)

    def to_dict(self) -> dict[str, Any]:
        """The file's keys and values; those that say nothing are left out."""
        own = {
            "artifact_path": self.artifact_path,
            "flavors": self.flavors,
            "metadata": self.metadata,
            "mlflow_version": self.mlflow_version,
            "model_id": self.model_id,
            "model_size_bytes": self.model_size_bytes,
            "model_uuid": self.model_uuid,
            "run_id": self.run_id,
            "saved_input_example_info": self.saved_input_example_info,
            "utc_time_created": self.utc_time_created,
        }
        found = {**self.others, **{key: value for key, value in own.items() if value is not None}}
        if self.signature is not None:
            found["signature"] = self.signature.to_dict()
            found.setdefault("is_signature_from_type_hint", False)
            found.setdefault("type_hint_from_example", False)
        return found

    def to_yaml(self, stream: Any = None) -> str:
        """The file's text."""
        import yaml

        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        text: str = yaml.dump(
            self.to_dict(), Dumper=dumper, sort_keys=True, default_flow_style=False, allow_unicode=True
        )
        if stream is not None:
            stream.write(text)
        return text

    def to_json(self) -> str:
        """The same as JSON."""
        import json

        return json.dumps(self.to_dict(), default=str)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.to_yaml())

    @classmethod
    def log(
        cls,
        artifact_path: str | None,
        flavor: Any,
        registered_model_name: str | None = None,
        await_registration_for: int | None = 300,
        metadata: dict[str, Any] | None = None,
        run_id: str | None = None,
        resources: Any = None,
        auth_policy: Any = None,
        prompts: Any = None,
        name: str | None = None,
        model_type: str | None = None,
        params: dict[str, Any] | None = None,
        tags: dict[str, Any] | None = None,
        step: int = 0,
        model_id: str | None = None,
        **kwargs: Any,
    ) -> ModelInfo:
        """Log a model by a module of one's own, which has `save_model(path, mlflow_model, **kwargs)`: for flavors that others write.

        Args:
            artifact_path, name: what it is called.
            flavor: the module.
            metadata: what the user wants kept in the description.
            run_id: the run that made it, if it is not the active one.
            resources, auth_policy, prompts: not served; see `runstone.pyfunc.log_model`.
            registered_model_name, await_registration_for, model_type, params, tags, step, model_id: as `log_model` has them.
            **kwargs: are given to the module's `save_model`.

        Raises:
            NotServed: for what runstone does not take.
        """
        from runstone.models.logging import saved_by

        for what, given in (("resources", resources), ("auth_policy", auth_policy), ("prompts", prompts)):
            if given is not None:
                raise NotServed(f"runstone does not take {what}. Leave it out.")

        def save(folder: str, described: Model) -> None:
            described.metadata = metadata
            flavor.save_model(path=folder, mlflow_model=described, **kwargs)

        return saved_by(
            save, name=name or artifact_path, registered_model_name=registered_model_name, params=params, tags=tags,
            model_type=model_type, step=step, model_id=model_id, run_id=run_id,
        )  # fmt: skip

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Read a model's description from its folder, its MLmodel file or its address. Raises NotFound, BadRequest."""
        place = os.fspath(path)
        if ":/" in place:
            from runstone.models.fetching import description

            return description(place)
        return cls.from_file(os.path.join(place, FILE_NAME) if os.path.isdir(place) else place)

    @classmethod
    def from_file(cls, path: str) -> Model:
        """Read an MLmodel file. Raises NotFound, BadRequest for what is no model's description."""
        if not os.path.isfile(path):  # nor a pipe, which would be waited for
            raise NotFound(f'Could not find an "{FILE_NAME}" configuration file at {path!r}.')
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        return cls.from_yaml(content, path)

    @classmethod
    def from_yaml(cls, content: bytes | str, what: str = "this text") -> Model:
        """Read the file's text; `what` it is stands in errors."""
        from runstone.safety.texts import read_yaml

        if len(content) > MOST_BYTES:
            raise BadRequest(f"{what} is larger than a model's description may be ({MOST_BYTES} bytes).")
        try:
            found = read_yaml(content)
        except ValueError as error:
            raise BadRequest(f"{what} is no model's description: {error!s:.300}") from error
        if not isinstance(found, dict):
            raise BadRequest(f"{what} is no model's description: it holds no keys.")
        return cls.from_dict(found, what)

    @classmethod
    def from_dict(cls, model_dict: Mapping[Any, Any], what: str = "this mapping") -> Model:
        """A description of these keys and values."""
        found = {str(key): value for key, value in model_dict.items()}
        flavors = found.get("flavors", {})
        if not isinstance(flavors, dict) or not all(
            isinstance(name, str) and isinstance(block, dict) for name, block in flavors.items()
        ):
            raise BadRequest(f"{what} is no model's description: its flavors are not blocks of keys.")
        signature = found.get("signature")
        if signature is not None and not isinstance(signature, Mapping):
            raise BadRequest(f"{what} is no model's description: its signature is no mapping.")
        found.pop("self", None)
        found.setdefault("mlflow_version", None)
        return cls(**found)
