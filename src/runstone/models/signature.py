"""A model's signature: the schemas of what it takes, what it gives, and the params of its predicting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runstone.errors import InvalidParameter
from runstone.types.enforcement import enforce
from runstone.types.inference import infer_param_schema, infer_schema
from runstone.types.schema import ParamSchema, Schema


class ModelSignature:
    """What a model takes and gives.

    Args:
        inputs: the schema of what it takes.
        outputs: of what it gives.
        params: of the params that predicting takes.

    Raises:
        InvalidParameter: none is given, or one is no schema.
    """

    def __init__(
        self, inputs: Schema | None = None, outputs: Schema | None = None, params: ParamSchema | None = None
    ) -> None:
        for name, given, kind in (
            ("inputs", inputs, Schema),
            ("outputs", outputs, Schema),
            ("params", params, ParamSchema),
        ):
            if given is not None and not isinstance(given, kind):
                raise InvalidParameter(
                    f"A signature's {name} are a {kind.__name__}; got a {type(given).__name__}. infer_signature makes one of data."
                )
        if inputs is None and outputs is None and params is None:
            raise InvalidParameter("A signature says at least one of inputs, outputs and params.")
        self.inputs, self.outputs, self.params = inputs, outputs, params

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel has it: JSON texts, or None."""
        parts = {"inputs": self.inputs, "outputs": self.outputs, "params": self.params}
        return {name: None if part is None else part.to_json() for name, part in parts.items()}

    @classmethod
    def from_dict(cls, signature_dict: Mapping[str, Any]) -> ModelSignature:
        """A signature of MLmodel's mapping, of any version. Raises InvalidParameter."""
        parts = {name: signature_dict.get(name) for name in ("inputs", "outputs", "params")}
        return cls(
            Schema.from_json(parts["inputs"]) if parts["inputs"] else None,
            Schema.from_json(parts["outputs"]) if parts["outputs"] else None,
            ParamSchema.from_json(parts["params"]) if parts["params"] else None,
        )

    def __eq__(self, other: object) -> bool:
        mine = (self.inputs, self.outputs, self.params)
        return isinstance(other, ModelSignature) and mine == (other.inputs, other.outputs, other.params)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        parts = {"inputs": self.inputs, "outputs": self.outputs, "params": self.params}
        return "".join(f"{name}:\n  {part!r}\n" for name, part in parts.items())


def infer_signature(
    model_input: Any = None, model_output: Any = None, params: Mapping[str, Any] | None = None
) -> ModelSignature:
    """The signature that data tell.

    Args:
        model_input: what the model is asked: a frame, an array, a sparse matrix, a mapping, a list or a value.
        model_output: what it said to that.
        params: the params of predicting, and their defaults.

    Raises:
        InvalidParameter: none is given, or a param is of no type that params may have.
    """
    return ModelSignature(
        None if model_input is None else infer_schema(model_input),
        None if model_output is None else infer_schema(model_output),
        infer_param_schema(params) if params else None,
    )


def validate_schema(data: Any, expected_schema: Schema) -> None:
    """Check data against a schema. Raises InvalidParameter, naming the column."""
    enforce(data, expected_schema)
