"""What the terminal says of each public function: its input, its output, and what it changed. Knows nothing of when it is called."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from runstone.entities import Experiment, Run
from runstone.operations.rules import SECRETS


class Call(NamedTuple):
    """A call that returned: its arguments by name, and what it gave back."""

    given: dict[str, Any]
    result: Any

    def text(self, *names: str) -> str:
        """The first of these arguments that was given, shortly."""
        return next((short(self.given[name]) for name in names if self.given.get(name) is not None), "")


Words = tuple[str, str, str]
READS = "nothing: it reads"
# Libraries whose things say how large they are. Nothing is asked of others: a property may compute, or raise.
_SHAPED = frozenset({"numpy", "pandas", "polars", "torch", "tensorflow", "jax", "jaxlib", "scipy"})


def _in_store(what: str, shown: Callable[[Call], str], size: Callable[[Call], int | None]) -> Callable[[Call], Words]:
    def say(call: Call) -> Words:
        count = size(call)
        label = f"a {what}" if count is None else f"{count} {what}{'' if count == 1 else 's'}"
        return shown(call), label, f"{what}: in the store"

    return say


def _pair(call: Call) -> str:
    return f"{call.text('key')}={call.text('value')}"


def _file(call: Call) -> Words:
    name = call.text("artifact_file") or f"images/{call.text('key')}..."
    return (
        call.text("text", "dictionary", "figure", "image", "data", "stream"),
        name,
        f"{file_kind(name)}: none → logged",
    )


def _points(call: Call) -> Words:
    step = f", step {call.text('step')}" if call.given.get("step") is not None else ""
    metrics = call.given.get("metrics")
    shown = short(metrics) if metrics is not None else _pair(call)
    count = len(metrics) if metrics is not None else 1
    return (
        shown + step,
        f"{count} point{'' if count == 1 else 's'}",
        "metric: journalled; not even kill -9 loses it",
    )


def _batch(call: Call) -> Words:
    counts = [(len(call.given.get(kind) or ()), kind) for kind in ("metrics", "params", "tags")]
    shown = ", ".join(f"{count} {kind if count > 1 else kind[:-1]}" for count, kind in counts if count)
    return shown, shown, "in the store"


def _change(changed: str, *names: str) -> Callable[[Call], Words]:
    return lambda call: (call.text(*names), "", changed)


def _version(call: Call) -> str:
    return f"{call.result.name}/{call.result.version}"


def _registered(call: Call) -> str:
    name, version = call.given.get("registered_model_name"), getattr(call.result, "registered_model_version", None)
    return f", and registered as {name}/{version}" if name else ""


# Those that need words of their own; every other public function reads something, see `words`.
_WORDS: dict[str, Callable[[Call], Words]] = {
    "set_tracking_uri": _change("store: this one from now on", "uri"),
    "set_experiment": lambda call: (
        call.text("experiment_name", "experiment_id"),
        f"experiment {call.result.name}",
        "experiment: active; new runs go to it",
    ),
    "create_experiment": lambda call: (call.text("name"), f"experiment {call.result}", "experiment: in the store"),
    "delete_experiment": _change("experiment: deleted; restore_experiment undoes it", "experiment_id"),
    "restore_experiment": _change("experiment: restored", "experiment_id"),
    "rename_experiment": _change("experiment: renamed", "new_name"),
    "start_run": lambda call: (call.text("run_name", "run_id"), f"run {call.result.info.run_name}", ""),
    "end_run": lambda call: (call.text("status"), "", ""),
    "create_run": lambda call: (
        call.text("run_name"),
        f"run {call.result.info.run_name}",
        "run: in the store, RUNNING; not made the active one",
    ),
    "set_terminated": lambda call: (call.text("run_id"), call.text("status") or "FINISHED", "run: ended"),
    "update_run": _change("run: changed", "status", "name"),
    "delete_run": _change("run: deleted; restore_run undoes it", "run_id"),
    "restore_run": _change("run: restored", "run_id"),
    "change_runs": _change("runs: changed, all or none", "stage"),
    "log_param": _in_store("param", _pair, lambda call: 1),
    "log_params": _in_store("param", lambda call: call.text("params"), lambda call: len(call.given["params"])),
    "log_metric": _points,
    "log_metrics": _points,
    "log_batch": _batch,
    "set_tag": _in_store("tag", _pair, lambda call: 1),
    "set_tags": _in_store("tag", lambda call: call.text("tags"), lambda call: len(call.given["tags"])),
    "set_experiment_tag": _in_store("tag", _pair, lambda call: 1),
    "set_experiment_tags": _in_store("tag", lambda call: call.text("tags"), lambda call: len(call.given["tags"])),
    "delete_tag": _change("tag: gone", "key"),
    "delete_experiment_tag": _change("tag: gone", "key"),
    "log_input": _in_store("dataset", lambda call: call.text("dataset"), lambda call: 1),
    "log_inputs": _in_store("dataset", lambda call: call.text("datasets"), lambda call: None),
    "log_text": _file,
    "log_dict": _file,
    "log_figure": _file,
    "log_image": _file,
    "log_table": _file,
    "log_stream": _file,
    "log_bytes": _file,
    "autolog": lambda call: ("", "", f"autologging: {'off' if call.given.get('disable') else 'on'}"),
    "keep_best_models": _change("model: the worse ones of the run are deleted", "metric"),
    "log_model": lambda call: (
        first_input(call.given),
        getattr(call.result, "model_uri", ""),
        f"model: logged{_registered(call)}",
    ),
    "save_model": _change("model: saved, here only: not in the store yet", "path"),
    "create_logged_model": lambda call: (
        call.text("name"),
        call.result.model_id,
        "model: in the store, without files yet",
    ),
    "finalize_logged_model": _change("model: finished", "status"),
    "delete_logged_model": _change("model: deleted", "model_id"),
    "set_logged_model_tags": _change("tag: in the store", "tags"),
    "delete_logged_model_tag": _change("tag: gone", "key"),
    "log_model_params": _change("param: in the store", "params"),
    "log_model_artifact": _change("artifact file: made → logged", "local_path"),
    "log_model_artifacts": _change("artifact files of the folder: made → logged", "local_dir"),
    "register_model": lambda call: (first_input(call.given), _version(call), "model version: in the registry"),
    "create_model_version": lambda call: (first_input(call.given), _version(call), "model version: in the registry"),
    "copy_model_version": lambda call: (first_input(call.given), _version(call), "model version: in the registry"),
    "copy_logged_model": lambda call: (first_input(call.given), call.result.model_id, "model: copied, files and all"),
    "copy_model": lambda call: (first_input(call.given), _version(call), "model: in the other store and its registry"),
    "update_model_version": _change("model version: described", "description"),
    "transition_model_version_stage": _change("model version: in another stage", "stage"),
    "delete_model_version": lambda call: (
        f"{call.text('name')}/{call.text('version')}",
        "",
        "model version: gone for good",
    ),
    "set_model_version_tag": _change("tag: in the registry", "key"),
    "delete_model_version_tag": _change("tag: gone", "key"),
    "create_registered_model": _change("registered model: in the registry", "name"),
    "rename_registered_model": _change("registered model: renamed", "new_name"),
    "update_registered_model": _change("registered model: described", "description"),
    "delete_registered_model": _change("registered model: gone for good, with its versions", "name"),
    "set_registered_model_tag": _change("tag: in the registry", "key"),
    "delete_registered_model_tag": _change("tag: gone", "key"),
    "set_registered_model_alias": lambda call: (
        f"{call.text('alias')} → {call.text('name')}/{call.text('version')}",
        "",
        "alias: means this version",
    ),
    "delete_registered_model_alias": _change("alias: gone", "alias"),
    "create_webhook": lambda call: (
        call.text("name"),
        call.result.webhook_id,
        "webhook: told of what happens from now on",
    ),
    "update_webhook": _change("webhook: changed", "webhook_id"),
    "delete_webhook": _change("webhook: gone, with what waited for it", "webhook_id"),
    "test_webhook": _change("nothing here: an example was sent", "webhook_id"),
    "deliver_webhooks": _change("webhooks: what waited was sent, as far as receivers took it"),
    "protect_alias": _change("alias: protected", "alias"),
    "unprotect_alias": _change("alias: protected no more", "alias"),
}
# Asked so often, or changing so little, that a row would teach nothing.
SILENT = frozenset(
    {
        *("active_run", "last_active_run", "get_artifact_uri", "flush_async_logging", "flush_artifact_async_logging"),
        *("get_tracking_uri", "is_tracking_uri_set", "get_registry_uri", "set_registry_uri"),
        *("install_as_mlflow", "doctor"),
    }
)


def words(name: str, call: Call) -> Words:
    """Input, output and change of a call that returned. What is not told by name here only reads."""
    told = _WORDS.get(name)
    if told is not None:
        return told(call)
    return first_input(call.given), short(call.result), READS


def first_input(given: dict[str, Any]) -> str:
    """The first things a call was given, without what may be a secret."""
    shown = [short(value) for name, value in given.items() if value is not None and value != "" and name not in SECRETS]
    return ", ".join(shown[:2])


def file_kind(name: str) -> str:
    """What a file is: a "model" where its name ends as those of saved models do, else an "artifact file"."""
    from runstone.client.given import MODEL_ENDINGS

    return "model" if name.endswith(MODEL_ENDINGS) else "artifact file"


def short(value: Any, limit: int = 100) -> str:
    """A value in a few words; of what may be large, only its kind and size."""
    if isinstance(value, str):
        text = value[: limit + 1].replace("\n", " ")
    elif isinstance(value, dict):
        text = ", ".join(f"{key}={short(item, 20)}" for key, item in value.items())
    elif isinstance(value, bytes):
        text = f"{len(value)} bytes"
    elif isinstance(value, list | tuple):
        text = f"{type(value).__name__} of {len(value)}"
    elif isinstance(value, os.PathLike):
        text = os.fspath(value)
    elif isinstance(value, float):
        text = f"{value:.6g}"
    elif value is None or isinstance(value, int):
        text = repr(value)
    elif isinstance(value, Run):
        text = f"run {value.info.run_name}"
    elif isinstance(value, Experiment):
        text = f"experiment {value.name}"
    elif type(value).__module__.split(".")[0] in _SHAPED and isinstance(getattr(value, "shape", None), tuple):
        text = f"{type(value).__name__} {' × '.join(map(str, value.shape))}" if value.shape else f"{value:.6g}"
    else:
        text = type(value).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"
