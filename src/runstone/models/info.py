"""What `log_model` gives back: where the model is, and what is known of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runstone.entities import LoggedModel, Metric
    from runstone.models.mlmodel import Model
    from runstone.models.signature import ModelSignature


@dataclass(kw_only=True)
class ModelInfo:
    """A model that was logged.

    Attributes:
        artifact_path: where its files are.
        flavors: flavor's name to its block.
        model_uri: by which it is loaded: `models:/<model_id>`.
        model_uuid: names the saved files.
        model_id: the logged model's id; None of a model that was saved only.
        run_id: the run that made it.
        name: the logged model's.
        saved_input_example_info: what is known of the example beside it.
        signature: what it takes and gives.
        utc_time_created: when.
        mlflow_version: whose format it is.
        metadata: what the user wanted kept beside it.
        registered_model_version: the number under which `log_model(registered_model_name=...)` registered it.
        params, tags, metrics, creation_timestamp: the logged model's.
    """

    artifact_path: str | None
    flavors: dict[str, Any]
    model_uri: str
    model_uuid: str | None
    model_id: str | None = None
    run_id: str | None = None
    name: str | None = None
    saved_input_example_info: dict[str, Any] | None = None
    signature: ModelSignature | None = None
    utc_time_created: str | None = None
    mlflow_version: str | None = None
    metadata: dict[str, Any] | None = None
    registered_model_version: int | None = None
    params: dict[str, str] | None = None
    tags: dict[str, str] | None = None
    metrics: list[Metric] | None = None
    creation_timestamp: int | None = None
    env_vars: list[str] | None = None
    prompts: list[str] | None = field(default=None)

    @property
    def signature_dict(self) -> dict[str, Any] | None:
        """The signature as MLmodel has it."""
        return None if self.signature is None else self.signature.to_dict()

    @classmethod
    def of(cls, model: Model, logged: LoggedModel | None = None, uri: str | None = None) -> ModelInfo:
        """What is known of a saved model, and of the logged model that it is."""
        known: dict[str, Any] = {}
        if logged is not None:
            known = {
                "name": logged.name, "params": logged.params, "tags": logged.tags, "metrics": logged.metrics,
                "creation_timestamp": logged.creation_timestamp,
            }  # fmt: skip
        return cls(
            artifact_path=model.artifact_path,
            flavors=model.flavors,
            model_uri=uri
            or (f"models:/{model.model_id}" if model.model_id else f"runs:/{model.run_id}/{model.artifact_path}"),
            model_uuid=model.model_uuid,
            model_id=model.model_id,
            run_id=model.run_id,
            saved_input_example_info=model.saved_input_example_info,
            signature=model.signature,
            utc_time_created=model.utc_time_created,
            mlflow_version=model.mlflow_version,
            metadata=model.metadata,
            env_vars=model.others.get("env_vars"),
            **known,
        )


def get_model_info(model_uri: str | os.PathLike[str]) -> ModelInfo:
    """What `log_model` gave back for a model, whichever address it is named by. Its files are not fetched.

    Raises:
        NotFound: there is no such model.
    """
    from runstone.fluent.location import client
    from runstone.models.fetching import description, located

    model = description(os.fspath(model_uri))
    place = located(model_uri)
    logged = client().get_logged_model(place.owner) if place.owner and place.owner.startswith("m-") else None
    info = ModelInfo.of(model, logged, os.fspath(model_uri))
    if place.version is not None:
        info.registered_model_version = int(place.version.number)
    return info
