"""A numpy array, or several with names, as a dataset."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runstone.data.dataset import Dataset
from runstone.data.digest import Digest
from runstone.data.frames import warn_unseen
from runstone.data.schema import TensorDatasetSchema
from runstone.errors import InvalidParameter
from runstone.types.values import tensors

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]
    Arrays = Array | dict[str, Array]


class NumpyDataset(Dataset):
    """Features and, where there are any, targets.

    Args:
        features: an array, or arrays by name.
        source: where they came from; see `from_numpy`.
        targets: likewise, what is to be predicted.
        name: 'dataset' unless given.
        digest: one of your own, instead of one over all the data.
    """

    def __init__(
        self,
        features: Arrays,
        source: Any = None,
        targets: Arrays | None = None,
        name: str | None = None,
        digest: str | None = None,
    ) -> None:
        _check("features", features)
        if targets is not None:
            _check("targets", targets)
        self.features = features
        self.targets = targets
        super().__init__(
            digest_of(features, targets) if digest is None else digest,
            source, name, schema_of(features, targets), profile_of(features, targets),
        )  # fmt: skip


def from_numpy(
    features: Arrays,
    source: Any = None,
    targets: Arrays | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> NumpyDataset:
    """A dataset of numpy arrays.

    Args:
        features: an array, or a dict of arrays.
        source: where they came from: a path, a URI or a DatasetSource; the code that runs unless given.
        targets: an array, or a dict of arrays: what is to be predicted.
        name: what to call it; 'dataset' unless given.
        digest: one of your own, at most 36 characters; over all the data unless given.

    Raises:
        InvalidParameter: something given is neither an array nor a dict of arrays.
    """
    return NumpyDataset(features, source, targets, name, digest)


def digest_of(features: Arrays, targets: Arrays | None) -> str:
    """The digest over every value, shape and dtype; how the values lie in memory does not count, nor does the order of a dict."""
    digest = Digest("numpy")
    for arrays in (features, targets):
        if arrays is None:
            digest.text("none")
        elif isinstance(arrays, dict):
            digest.text("dict")
            digest.number(len(arrays))
            for name in sorted(arrays, key=str):
                digest.objects([name])
                digest.array(arrays[name])
        else:
            digest.text("array")
            digest.array(arrays)
    warn_unseen(digest)
    return digest.finish()


def schema_of(features: Arrays, targets: Arrays | None) -> TensorDatasetSchema | None:
    """The dtypes and shapes; None where an array has no dimension."""
    specs = tensors(features)
    targets_specs = None if targets is None else tensors(targets)
    if specs is None or (targets is not None and targets_specs is None):
        return None
    return TensorDatasetSchema(specs, targets_specs)


def profile_of(features: Arrays, targets: Arrays | None) -> dict[str, Any]:
    """Shape, number of elements and bytes of each array."""
    profile: dict[str, Any] = {}
    for role, arrays in (("features", features), ("targets", targets)):
        if arrays is not None:
            profile[f"{role}_shape"] = _each(arrays, lambda array: list(array.shape))
            profile[f"{role}_size"] = _each(arrays, lambda array: int(array.size))
            profile[f"{role}_nbytes"] = _each(arrays, lambda array: int(array.nbytes))
    return profile


def _each(arrays: Arrays, fact: Callable[[Array], Any]) -> Any:
    return {name: fact(array) for name, array in arrays.items()} if isinstance(arrays, dict) else fact(arrays)


def _check(role: str, arrays: Any) -> None:
    try:
        import numpy
    except ImportError as error:
        raise ImportError("from_numpy needs numpy: `pip install numpy`.") from error
    for array in arrays.values() if isinstance(arrays, dict) else [arrays]:
        if not isinstance(array, numpy.ndarray):
            raise InvalidParameter(
                f"from_numpy takes arrays or dicts of arrays; the {role} hold a {type(array).__name__}. numpy.asarray makes an array."
            )
