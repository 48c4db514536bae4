"""PyTorch Lightning, by both of its names: a trainer's `fit` is a training, and its `test` belongs to the run of the fit before."""

from __future__ import annotations

import json
import os
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from runstone.autologging import guard, patching, recording, switches
from runstone.autologging.checkpoints import Checkpoints
from runstone.autologging.guard import attempt
from runstone.autologging.keeping import CALLBACK
from runstone.autologging.lightning import NAMES, Place, Watch
from runstone.autologging.training import Record, Training, conduct, is_quiet
from runstone.flavors.pytorch import FLAVOR
from runstone.models.signature import ModelSignature, infer_signature

if TYPE_CHECKING:
    from runstone.autologging.options import Options

NAME = "pytorch"
_SIGNATURE = "signature.json"
_STOPPING = ("monitor", "mode", "patience", "min_delta", "stopped_epoch")
# The run in which each trainer's last fit was recorded.
_places: weakref.WeakKeyDictionary[Any, Place] = weakref.WeakKeyDictionary()


def patch(module: str) -> None:
    """Patch the library, under one of its names."""
    trainer = import_module(module).Trainer
    patching.wrap(NAME, trainer, "fit", _fit)
    patching.wrap(NAME, trainer, "test", _test)


def _fit(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    options, trainer = switches.options(NAME), args[0]
    # a search for a learning rate or a batch size trains only to end early
    if options is None or is_quiet() or any(getattr(one, "_early_exit", False) for one in trainer.callbacks):
        return original(*args, **kwargs)
    with _attached(options, trainer) as companion:
        if companion is None or not trainer.is_global_zero:
            return original(*args, **kwargs)
        return conduct(options, original, args, kwargs, partial(_record, companion, trainer, args, kwargs))


def _test(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    options, trainer = switches.options(NAME), args[0]
    place = _places.get(trainer)
    if options is None or place is None or is_quiet():
        return original(*args, **kwargs)
    with _attached(options, trainer) as companion:
        if companion is not None:
            companion.goes_to(place)
        return original(*args, **kwargs)


@contextmanager
def _attached(options: Options, trainer: Any) -> Iterator[Any]:
    """A companion among the trainer's callbacks, as long as the block lasts; None where it cannot be made.

    In every process that trains: what they measure is joined by all of them at once.
    """
    companion = None
    with attempt(options, "a training"):
        modules = [kind.__module__ for kind in type(trainer).__mro__]
        library = next(name for name in NAMES if any(f"{module}.".startswith(f"{name}.") for module in modules))
        companion = _companion(library, options)
        if any(kind.__name__ == CALLBACK for one in trainer.callbacks for kind in type(one).__mro__):
            companion.checkpoints = None  # the user's own keep them
        trainer.callbacks = [*trainer.callbacks, companion]
    try:
        yield companion
    finally:
        if companion is not None:
            companion.unhook()
            trainer.callbacks = [one for one in trainer.callbacks if one is not companion]


def _record(companion: Any, trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], training: Training) -> Record:
    options = training.options
    if options.log_models:
        recording.begin_model(training, {})
    place = _places[trainer] = Place(training.run_id, training.model_id, training.store)
    stopping = [one for one in trainer.callbacks if any(kind.__name__ == "EarlyStopping" for kind in type(one).__mro__)]
    with attempt(options, "the params of an early end"):
        for one in stopping:
            recording.params(training, {name: getattr(one, name) for name in _STOPPING if hasattr(one, name)})
    signature = folder = None
    with ExitStack() as stack:
        with attempt(options, "a model's signature"):
            made = tempfile.TemporaryDirectory(prefix="runstone-fit-", ignore_cleanup_errors=True)
            folder = stack.enter_context(made)
        companion.goes_to(place, folder)
        try:
            yield args, kwargs
        except GeneratorExit:
            recording.no_model(training)
            raise
        with attempt(options, "a model's signature"):
            signature = None if folder is None else _signature(folder)
    with attempt(options, "the metrics of an early end"):
        for one in stopping:
            _log_stop(place, one)
    with attempt(options, "a model's summary"):
        summary = import_module(f"{companion.library}.utilities.model_summary").ModelSummary
        text = str(summary(trainer.lightning_module, max_depth=-1))
        recording.files(training, {"model_summary.txt": text})
    if options.log_models:
        told = None if signature is None else lambda: signature
        saving = {"serialization_format": "pickle"}
        recording.model(training, FLAVOR, trainer.lightning_module, saving, lambda: None, signature=told)
        with attempt(options, "the best checkpoint of an early end"):
            best = getattr(trainer.checkpoint_callback, "best_model_path", "") if stopping else ""
            if best:
                training.store.log_artifact(training.run_id, best, "restored_model_checkpoint")


def _log_stop(place: Place, stopping: Any) -> None:
    if stopping.stopped_epoch == 0:
        return
    values = {
        "stopped_epoch": stopping.stopped_epoch,
        "restored_epoch": stopping.stopped_epoch - max(1, stopping.patience),
        "best_score": stopping.best_score,
        "wait_count": stopping.wait_count,
    }
    place.metrics(values, 0)


class _Shape:
    """A hook of a module's: writes the signature of the first call that takes a tensor and gives one."""

    def __init__(self, path: str) -> None:
        self.path: str | None = path
        self.handle: Any = None

    def __call__(self, module: Any, given: tuple[Any, ...], result: Any) -> None:
        import torch

        path, self.path = self.path, None
        if path is None:
            return
        if len(given) == 1 and isinstance(given[0], torch.Tensor) and isinstance(result, torch.Tensor):
            one, other = (tensor[:1] if tensor.ndim else tensor for tensor in (given[0].detach(), result.detach()))
            told = infer_signature(one.cpu().numpy(), other.cpu().numpy())
            with open(path, "w", encoding="utf-8") as file:
                json.dump(told.to_dict(), file)


def _signature(folder: str) -> ModelSignature | None:
    path = os.path.join(folder, _SIGNATURE)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return ModelSignature.from_dict(json.load(file))


def _companion(library: str, options: Options, place: Place | None = None, folder: str | None = None) -> Any:
    made = _kind(library)(options)
    made.goes_to(place, folder)
    return made


@cache
def _kind(library: str) -> type:
    base: type = import_module(library).Callback

    class Companion(base):  # type: ignore[misc]
        """Records a training as it goes on; what that raises does not reach the training."""

        def __init__(self, options: Options) -> None:
            super().__init__()
            own = options.own
            self.library, self.options, self.steps = library, options, bool(own["log_every_n_step"])
            self.place: Place | None = None
            self.folder: str | None = None
            self.watch: Watch | None = None
            self.hook: Any = None
            self.checkpoints: Checkpoints | None = None
            if own["checkpoint"]:
                given = {name.removeprefix("checkpoint_"): own[name] for name in own if name.startswith("checkpoint_")}
                self.checkpoints = Checkpoints(**given, warn=partial(guard.tell, options, "a checkpoint"))

        def goes_to(self, place: Place | None, folder: str | None = None) -> None:
            """Record there, and write what is learnt of the module into a folder; nowhere unless said."""
            self.place, self.folder = place, folder
            own = self.options.own
            self.watch = None if place is None else Watch(place, own["log_every_n_epoch"], own["log_every_n_step"])

        def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
            return _companion, (library, self.options, self.place, self.folder)

        def unhook(self) -> None:
            """Leave nothing in the module."""
            if self.hook is not None:
                self.hook.remove()
                self.hook = None

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            if self.watch is None or not trainer.is_global_zero:
                return
            with attempt(self.options, "the params of a training"):
                self.watch.begin(trainer)
            # a compiled module's hooks are compiled with it
            if self.folder is not None and getattr(pl_module, "_compiler_ctx", None) is None:
                with attempt(self.options, "a model's signature"):
                    if self.options.log_models and self.options.log_model_signatures:
                        self.hook = pl_module.register_forward_hook(_Shape(os.path.join(self.folder, _SIGNATURE)))

        def on_train_batch_end(self, trainer: Any, *more: Any) -> None:
            if self.hook is not None:
                self.unhook()
            if self.steps and self.watch is not None and trainer.is_global_zero:
                with attempt(self.options, "the metrics of a step"):
                    self.watch.step(trainer)
            if self.checkpoints is not None and self.checkpoints.of_steps:
                with attempt(self.options, "a checkpoint"):
                    self.checkpoints.step(trainer, self.place)

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            if self.watch is not None:
                self.watch.epoch(trainer)
            if self.checkpoints is not None:
                with attempt(self.options, "a checkpoint"):
                    self.checkpoints.epoch(trainer, self.place)

        def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
            self._settle(trainer)

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            self._settle(trainer)

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
            if trainer.world_size == 1:  # one of several would wait for the others
                self._settle(trainer)

        def on_test_end(self, trainer: Any, pl_module: Any) -> None:
            if self.watch is not None and trainer.is_global_zero:
                with attempt(self.options, "the metrics of a test"):
                    self.watch.test(trainer)

        def _settle(self, trainer: Any) -> None:
            if self.watch is not None and trainer.is_global_zero:
                with attempt(self.options, "the metrics of an epoch"):
                    self.watch.settle(trainer)

    return Companion
