"""PyTorch's exported graphs (`pt2`): what a module does to an example, without its classes. Made, and read after a look at what is in it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runstone.flavors.torch_archives import beside_a_graph
from runstone.flavors.torch_inputs import given, predicting

if TYPE_CHECKING:
    from runstone.safety.trust import Trust


class NoGraph(Exception):
    """A module of which no graph can be made, or none that says the same as the module."""


def write(module: Any, example: Any, path: str, as_free: bool = True) -> None:
    """Write the graph of what a module does to an example, with every length free that can be.

    Args:
        module: the module.
        example: what it is asked.
        path: where to.
        as_free: whether a graph is none that refuses numbers of rows, or other lengths, which the module takes.

    Raises:
        NoGraph: there is no example, or the module's graph cannot be made or says something else than the module.
    """
    import torch

    if example is None:
        raise NoGraph("it is made from an example: give input_example, an array or a tensor")
    if isinstance(example, tuple) and len(example) == 2 and isinstance(example[1], dict):
        example = example[0]
    try:
        args, named = given(example, module)
        with predicting(module), _quietly():
            program = _exported(module, *_of_rows(args, named))
            _compare(program.module(), module, args, named)
            if as_free:
                _compare(program.module(), module, *_of_rows(args, named, 3))
                _compare_lengths(program.module(), module, args, named)
        torch.export.save(program, path)
    except NoGraph:
        raise
    except Exception as error:
        if os.path.exists(path):
            os.remove(path)
        raise NoGraph(f"{type(error).__name__}: {error!s:.400}") from error


def _compare(graph: Any, module: Any, args: Any, named: Any) -> None:
    if not _same(graph(*args, **named), module(*args, **named)):
        raise NoGraph("it says something else than the module")


def _compare_lengths(graph: Any, module: Any, args: Any, named: Any) -> None:
    """With each length beside that of the rows twice what it is, as far as the module takes that."""
    import torch

    for place in range(1, max((one.dim() for one in (*args, *named.values())), default=0)):

        def longer(value: Any, place: int = place) -> Any:
            return torch.cat([value, value], place) if value.dim() > place else value

        longer_args, longer_named = tuple(map(longer, args)), {name: longer(one) for name, one in named.items()}
        try:
            module(*longer_args, **longer_named)
        except Exception:  # noqa: BLE001, S112  (whatever a module may raise: it does not take that length)
            continue
        _compare(graph, module, longer_args, longer_named)


def _of_rows(args: Any, named: Any, times: int = 0) -> tuple[Any, Any]:
    """The same with so many times the rows; two rows at least, for of one row a graph for one row would be made."""
    import torch

    def several(value: Any) -> Any:
        return torch.cat([value] * (times or (2 if len(value) == 1 else 1))) if value.dim() else value

    return tuple(map(several, args)), {name: several(value) for name, value in named.items()}


@contextmanager
def _quietly() -> Iterator[None]:
    """What fails is said once, by us, without its graph."""
    loud = [
        logging.getLogger(name)
        for name in ("torch", "torch.fx", "torch._dynamo", "torch.fx.experimental.symbolic_shapes")
    ]
    levels = [one.level for one in loud]
    for one in loud:
        one.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for one, level in zip(loud, levels, strict=True):
            one.setLevel(level)


def _exported(module: Any, args: Any, named: Any) -> Any:
    """With every length free that the module leaves free; else the number of rows alone."""
    import torch
    from torch.export import Dim

    def free(value: Any, most: int) -> Any:
        return dict.fromkeys(range(min(value.dim(), most)), Dim.AUTO)

    for most in (99, 1):
        shapes = ([free(one, most) for one in args], {name: free(one, most) for name, one in named.items()})
        try:
            return torch.export.export(module, args, named, dynamic_shapes=_shapes(*shapes))
        except Exception:
            if most == 1:
                raise
    raise AssertionError


def _shapes(by_place: list[Any], by_name: dict[str, Any]) -> Any:
    return by_name or tuple(by_place)


def _same(one: Any, other: Any) -> bool:
    import torch

    if isinstance(one, torch.Tensor):
        return bool(torch.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return True


def read(path: str, trust: Trust, device: Any = None) -> Any:
    """What runs the graph of a file, on a device.

    Raises:
        Forbidden: it holds more than a graph of PyTorch's own operators, and nobody vouches for it.
    """
    import torch

    problem = beside_a_graph(path)
    if problem is not None:
        trust.runs(path, f"its file {os.path.basename(path)!r} {problem}")
    trust.pickle(path)
    program = torch.export.load(path)
    if device is not None and any(str(one.device) != str(torch.device(device)) for one in program.state_dict.values()):
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, torch.device(device))
    module = program.module()
    # it was exported so; torch.export raises NotImplementedError, and every script says it once
    module.eval = lambda: module
    return module
