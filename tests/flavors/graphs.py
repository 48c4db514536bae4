"""Small graphs of ONNX's, made by hand, and what they say."""

from __future__ import annotations

from typing import Any

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

WEIGHTS = numpy.random.RandomState(0).rand(4, 300).astype(numpy.float32)


def line(width: int = 1) -> Any:
    """x (n, 4) to y (n, width), of weights that are kept beside the graph from 64 columns on."""
    weights = numpy_helper.from_array(numpy.ascontiguousarray(WEIGHTS[:, :width]), "W")
    nodes = [helper.make_node("MatMul", ["x", "W"], ["y"])]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", width])]
    return _model(helper.make_graph(nodes, "line", inputs, outputs, [weights]))


def two() -> Any:
    """a (n, 1) of floats and b (n) of integers: their sum, and b again."""
    nodes = [
        helper.make_node("Squeeze", ["a", "axis"], ["flat"]),
        helper.make_node("Cast", ["b"], ["c"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["flat", "c"], ["sum"]),
        helper.make_node("Identity", ["b"], ["same"]),
    ]
    inputs = [
        helper.make_tensor_value_info("a", TensorProto.FLOAT, ["n", 1]),
        helper.make_tensor_value_info("b", TensorProto.INT64, ["n"]),
    ]
    outputs = [
        helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["n"]),
        helper.make_tensor_value_info("same", TensorProto.INT64, ["n"]),
    ]
    axis = numpy_helper.from_array(numpy.array([1]), "axis")
    return _model(helper.make_graph(nodes, "two", inputs, outputs, [axis]))


def shout() -> Any:
    """Texts (n), as they are."""
    inputs = [helper.make_tensor_value_info("text", TensorProto.STRING, ["n"])]
    outputs = [helper.make_tensor_value_info("said", TensorProto.STRING, ["n"])]
    return _model(helper.make_graph([helper.make_node("Identity", ["text"], ["said"])], "shout", inputs, outputs))


def _model(graph: Any) -> Any:
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 9  # which every onnxruntime of the tests reads
    onnx.checker.check_model(made)
    return made


def same(one: Any, other: Any) -> bool:
    """Whether two graphs are the same, but for whether they say that a weight is where weights are anyway."""
    texts = []
    for graph in (one, other):
        copy = onnx.ModelProto()
        copy.CopyFrom(graph)
        for weight in copy.graph.initializer:
            weight.ClearField("data_location")
        texts.append(copy.SerializeToString(deterministic=True))
    return texts[0] == texts[1]
