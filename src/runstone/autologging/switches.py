"""Which libraries are autologged, and how. Each is patched when it has been imported, and put back when it is switched off."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from runstone.autologging import guard, importing, patching
from runstone.autologging.options import Options

# The flavor, and the modules that its leaf patches when they have been imported.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "sklearn": ("sklearn", "sklearn.metrics", "sklearn.model_selection"),
    "xgboost": ("xgboost", "sklearn.metrics"),
    "lightgbm": ("lightgbm", "sklearn.metrics"),
    "keras": ("keras",),
    "pytorch": ("lightning.pytorch", "pytorch_lightning"),
    "statsmodels": ("statsmodels.base.model",),
    "tensorflow": ("keras",),
}
# Records what another one records, in its own way: only where it is asked for by itself.
_BY_NAME_ONLY = "tensorflow"
# The distributions of each, and the versions that it is known to work with: from the first, up to below the second.
SUPPORTED: dict[str, tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]] = {
    "sklearn": (("scikit-learn",), (1, 3), (2,)),
    "xgboost": (("xgboost", "xgboost-cpu"), (2, 0), (4,)),
    "lightgbm": (("lightgbm",), (4, 0), (5,)),
    "keras": (("keras",), (3, 0), (4,)),
    "pytorch": (("lightning", "pytorch-lightning"), (2, 4), (3,)),
    "statsmodels": (("statsmodels",), (0, 14), (1,)),
    "tensorflow": (("tensorflow", "tensorflow-cpu"), (2, 16), (3,)),
}
# What the arguments of `autolog` are called that all libraries have.
_COMMON = [
    "log_input_examples",
    "log_model_signatures",
    "log_models",
    "log_datasets",
    "exclusive",
    "silent",
    "registered_model_name",
    "extra_tags",
]

_on: dict[str, Options] = {}
# Those whose own `autolog` has been called: what is said for all does not count for them any more.
_by_itself: set[str] = set()
_lock = threading.RLock()


def options(flavor: str) -> Options | None:
    """How a library is autologged now; None where it is not."""
    return _on.get(flavor)


def switch(
    flavor: str,
    *,
    disable: bool = False,
    disable_for_unsupported_versions: bool = False,
    everywhere: bool = False,
    **given: Any,
) -> None:
    """Switch autologging of a library on, off, or to other arguments.

    Args:
        flavor: the library's name among the flavors.
        disable: off.
        disable_for_unsupported_versions: off where its version is none that this is known to work with.
        everywhere: said for all libraries, which does not change one that was switched by itself, on or off.
        **given: `autolog`'s other arguments.
    """
    with _lock:
        before = _on.get(flavor)
        if not everywhere:
            _by_itself.add(flavor)
        elif flavor in _by_itself:
            return
        guard.forget(flavor)
        if disable or (disable_for_unsupported_versions and not _is_supported(flavor)):
            _off(flavor)
            return
        common = {name: given.pop(name) for name in _COMMON if name in given}
        _on[flavor] = Options(flavor, **common, own=given)
        if before is not None:
            return  # patched, or waited for, already
        for module in LIBRARIES[flavor]:
            importing.when_imported(flavor, module, lambda name: _patch(flavor, name))


def _off(flavor: str) -> None:
    importing.no_longer(flavor)
    if _on.pop(flavor, None) is not None:
        leaf = import_module(f"runstone.autologging.{flavor}")
        if hasattr(leaf, "unpatch"):
            leaf.unpatch()
        patching.restore(flavor)


def _patch(flavor: str, module: str) -> None:
    asked = _on.get(flavor)
    if asked is not None:
        with guard.attempt(asked, f"anything of {module}"):
            import_module(f"runstone.autologging.{flavor}").patch(module)


def _is_supported(flavor: str) -> bool:
    names, first, beyond = SUPPORTED[flavor]
    for name in names:
        try:
            here = tuple(int(part) for part in version(name).split(".")[:2])
        except (PackageNotFoundError, ValueError):
            continue
        return first <= here < beyond
    return True  # it is not installed: there is nothing to be told of


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    log_traces: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: dict[str, str] | None = None,
    exclude_flavors: list[str] | None = None,
) -> None:
    """Have trainings record themselves, whichever of the libraries that runstone knows trains; one that was switched by itself stays so.

    Args:
        log_input_examples: keep the first rows of the training data with the model.
        log_model_signatures: tell what the model takes and gives.
        log_models: log the trained model.
        log_datasets: log what was trained and evaluated on.
        log_traces: taken for MLflow's sake; there are no traces.
        disable: no more.
        exclusive: record nothing in runs that you started.
        disable_for_unsupported_versions: leave libraries alone whose version is none that this is known to work with.
        silent: no warnings.
        extra_tags: of runs that are started for trainings.
        exclude_flavors: names of libraries that are left alone, e.g. 'xgboost'.
    """
    said: Mapping[str, Any] = {
        "log_input_examples": log_input_examples,
        "log_model_signatures": log_model_signatures,
        "log_models": log_models,
        "log_datasets": log_datasets,
        "disable": disable,
        "exclusive": exclusive,
        "disable_for_unsupported_versions": disable_for_unsupported_versions,
        "silent": silent,
        "extra_tags": extra_tags,
    }
    for flavor in LIBRARIES:
        if flavor not in (_BY_NAME_ONLY, *(exclude_flavors or ())):
            # the public module is above this one: it is only named
            own = _defaults(import_module(f"runstone.{flavor}").autolog)
            switch(flavor, everywhere=True, **{name: said.get(name, default) for name, default in own.items()})


def _defaults(function: Any) -> dict[str, Any]:
    import inspect

    return {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}
