"""PyTorch's modules: the object itself, or its graph (`torch_graphs`), by which of them is safe to read; predicting is `torch_inputs`."""

from __future__ import annotations

import os
from typing import Any

from runstone.errors import InvalidParameter, MissingFile
from runstone.flavors import torch_graphs as graphs
from runstone.flavors import torch_inputs as inputs
from runstone.flavors import torch_pickles as pickles
from runstone.flavors.flavor import Flavor, Folder, Saved
from runstone.warning import warn

DATA = "data"
PICKLE, GRAPH, SCRIPT = f"{DATA}/model.pth", f"{DATA}/model.pt2", f"{DATA}/model.pth"
FORMATS = ("pickle", "pt2")


def recognises(model: object) -> bool:
    """Whether it is a module of PyTorch's; those of Lightning, scripted ones and graphs are."""
    import torch

    return isinstance(model, torch.nn.Module)


def save(
    model: Any,
    folder: str,
    *,
    pickle_module: Any = None,
    export_model: bool = False,
    serialization_format: str | None = None,
    pickle_protocol: int = 2,
    example: Any = None,
) -> Saved:
    """Write a module.

    Args:
        model: the module. It stays in the mode (training or not) and on the device that it is in.
        folder: where to.
        pickle_module: by which the object is pickled; cloudpickle unless said.
        export_model: MLflow's older word for serialization_format='pt2'.
        serialization_format: 'pickle', the object, whose classes must be importable where it is loaded; 'pt2', the graph of what it does
            to an input example, which needs no class and is not trained further. Unless said: the object where all its classes are
            PyTorch's own; else the graph, where there is an example and it can be made; else the object.
        pickle_protocol: as `torch.save` takes it.
        example: something it can be asked.

    Raises:
        InvalidParameter: the graph was asked for, and cannot be made; the sentence says why.
    """
    import torch

    if not recognises(model):
        raise InvalidParameter(
            f"pytorch_model is to be a torch.nn.Module; got a {type(model).__name__}. save_state_dict takes its tensors alone."
        )
    form = _asked(export_model, serialization_format)
    os.makedirs(os.path.join(folder, DATA))
    block: dict[str, Any] = {"model_data": DATA, "pytorch_version": str(torch.__version__)}
    pyfunc: dict[str, Any] = {"data": DATA, "config": {"device": None}}
    scripted = isinstance(model, torch.jit.ScriptModule)
    if scripted and form == "pt2":
        raise InvalidParameter(
            "A scripted module has no graph of torch.export's: leave serialization_format out, or say 'pickle'."
        )
    if not scripted and (form == "pt2" or (form is None and example is not None and not pickles.is_plain(model))):
        try:
            graphs.write(model, example, os.path.join(folder, GRAPH), as_free=form is None)
        except graphs.NoGraph as error:
            if form == "pt2":
                raise InvalidParameter(f"The module's graph cannot be made: {error}") from error
            warn(f"The module is kept as an object, for its graph cannot be made: {error!s:.300}")
        else:
            return Saved(block, {**pyfunc, "pickle_module_name": pickles.MODULE}, ("torch", "numpy"))
    named = pickles.write(model, os.path.join(folder, PICKLE), pickle_module, pickle_protocol)
    packages = ("torch", "numpy", "cloudpickle") if named == pickles.MODULE else ("torch", "numpy")
    kinds = {
        kind for part in model.modules() for kind in type(part).__mro__
    }  # a class of the script's is one of Lightning's, say
    modules = () if scripted else tuple(sorted({kind.__module__ for kind in kinds}))
    asked = () if named == pickles.MODULE else (DATA,)  # the file that names its reader
    return Saved(block, {**pyfunc, "pickle_module_name": named}, packages, modules, asked=asked)


def _asked(export_model: bool, serialization_format: str | None) -> str | None:
    if export_model and serialization_format == "pickle":
        raise InvalidParameter(
            "export_model=True and serialization_format='pickle' say opposite things: leave export_model out."
        )
    if serialization_format not in (None, *FORMATS):
        raise InvalidParameter(
            f"Unrecognized serialization format: {serialization_format!r}. Write one of {', '.join(FORMATS)}."
        )
    return "pt2" if export_model else serialization_format


def load(
    folder: Folder,
    *,
    device: Any = None,
    map_location: Any = None,
    weights_only: bool | None = None,
    pickle_module: Any = None,
    mmap: bool | None = None,
) -> Any:
    """The module, set to predict (`eval`); or what runs its graph.

    Args:
        folder: the model's.
        device: where to put it.
        map_location, weights_only, pickle_module, mmap: as `torch.load` takes them, for an object.

    Raises:
        Forbidden: reading it could run code that nobody vouches for.
    """
    place = folder.named("model_data" if "model_data" in folder.block else "data")
    path = os.path.join(place, "model.pth") if os.path.isdir(place) else place
    if not os.path.exists(path):
        graph = os.path.join(place, "model.pt2")
        if not os.path.exists(graph):
            raise MissingFile(f"The model has neither model.pth nor model.pt2 in {os.path.basename(place)!r}.", place)
        return graphs.read(graph, folder.trust, device or map_location)
    options = {"map_location": map_location or device, "weights_only": weights_only, "mmap": mmap}
    model = pickles.read(path, folder.trust, pickle_module, **options)
    model.eval()
    return model if device is None else model.to(device)


def opened(folder: Folder) -> Any:
    """The module on the device that the model's `config` names; else a GPU, where there is one."""
    import torch

    device = (folder.pyfunc.get("config") or {}).get("device")
    return load(folder, device=device or ("cuda" if torch.cuda.is_available() else "cpu"))


FLAVOR = Flavor(
    name="pytorch",
    argument="pytorch_model",
    recognises=recognises,
    save=save,
    load=load,
    opens=opened,
    plain=inputs.plain,
    predictor=inputs.predictor,
    save_order=(
        "pytorch_model path conda_env mlflow_model code_paths pickle_module signature input_example extra_files pip_requirements "
        "extra_pip_requirements metadata export_model serialization_format **kwargs"
    ),
    log_order=(
        "pytorch_model artifact_path conda_env code_paths pickle_module registered_model_name signature input_example "
        "await_registration_for extra_files pip_requirements extra_pip_requirements metadata name params tags model_type step model_id "
        "export_model serialization_format **kwargs"
    ),
    load_order="model_uri dst_path **kwargs",
)
