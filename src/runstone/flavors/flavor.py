"""What a leaf says of its kind of model: how an object becomes files, and files an object and something that predicts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from runstone.errors import InvalidParameter
from runstone.flavors.files import Files
from runstone.safety.held import Held

if TYPE_CHECKING:
    from runstone.safety.trust import Trust
    from runstone.types.schema import Schema

# What pyfunc asks: the data (checked against the signature), and the params (with their defaults).
Predict = Callable[[Any, dict[str, Any] | None], Any]


class Saved(NamedTuple):
    """What a leaf wrote.

    Attributes:
        block: its own block of the MLmodel file, in MLflow's keys; None for a Python model, which has none.
        pyfunc: what the block of `python_function` has of it beside what all have (environment, and `mlflow.<flavor>` as its loader):
            `model_path` or `data`, ...; None for a model that does not predict.
        packages: the distributions that loading it needs, by name; their versions are the installed ones.
        modules: names of modules that its objects come from, whose distributions are needed too.
        schemas: of what it takes and gives, as its own type hints say: they are the signature.
        code_files: files of the user's own code that it needs, by the path that each is imported from, below the model's `code`.
        asked: folders in it of which every file is asked about when it is loaded, whatever its format.
    """

    block: dict[str, Any] | None
    pyfunc: dict[str, Any] | None
    packages: tuple[str, ...]
    modules: tuple[str, ...] = ()
    schemas: tuple[Schema, Schema] | None = None
    code_files: dict[str, str] | None = None
    asked: tuple[str, ...] = ()


class Folder:
    """A saved model that is to be loaded.

    Args:
        files: its files, or the folder that they are in.
        block: the flavor's block of its MLmodel file. It comes from whoever wrote the model: hostile until checked.
        pyfunc: the block of `python_function`; empty where there is none.
        trust: asked before anything is read that can run code.

    Attributes:
        block, pyfunc, trust: the same.
    """

    def __init__(self, files: Files | str, block: Mapping[str, Any], pyfunc: Mapping[str, Any], trust: Trust) -> None:
        self._files = files if isinstance(files, Files) else Files(files)
        self.block, self.pyfunc, self.trust = block, pyfunc, trust

    @property
    def path(self) -> str:
        """The folder, absolute. Nothing in it may be changed."""
        return self._files.folder

    def named(self, key: str) -> str:
        """Where the file or folder is that the flavor's block, or else pyfunc's, names under a key. Raises InvalidParameter."""
        return check_path(self.path, self._name(key), key)

    def held(self, key: str) -> Held:
        """The file that a block names under a key, as it is now: to be asked about, and then read. Small ones need no folder."""
        name = self._name(key)
        content = self._files.content(name)
        return Held(self.named(key)) if content is None else Held(str(name), content)

    def _name(self, key: str) -> object:
        return self.block.get(key, self.pyfunc.get(key))


@dataclass(frozen=True)
class Flavor:
    """One kind of model.

    Attributes:
        name: of the block in MLmodel files, and of the modules that MLflow and runstone have for it.
        argument: what MLflow's functions call the model.
        recognises: whether an object is of this kind.
        save: `save(model, folder, **options)` writes the model's files into an empty folder. Its keyword-only parameters are the
            options that this flavor has beside those all have.
        load: `load(folder, **options)` gives the library's own object.
        predictor: what predicts with such an object: `predictor(native, folder)`.
        opens: `opens(folder)` gives what pyfunc predicts with, where that is something else than `load` gives (a session, a model on its
            device). `predictor` takes either.
        by_rows: whether what predicts is known to say to each row what it would say to it alone: `by_rows(native, folder)`.
        unnamed: what predicts from rows of doubles without names, whose columns are those named: `unnamed(native, folder, names)`;
            None where there is no such thing.
        plain: an input example in the library's own types (tensors) as what files and signatures know; None for what they do not. Where
            a leaf has it, its `save` takes the example as it was given, by keyword `example`.
        check: raises InvalidParameter for what it cannot save, before anything is made; None where what `recognises` says is enough.
        save_order: the parameters of `save_model` in MLflow's order, by name.
        log_order: those of `log_model`.
        load_order: those of `load_model`.
    """

    name: str
    argument: str
    recognises: Callable[[object], bool]
    save: Callable[..., Saved]
    load: Callable[..., Any]
    predictor: Callable[[Any, Folder], Predict]
    save_order: str
    log_order: str
    load_order: str = "model_uri dst_path"
    opens: Callable[[Folder], Any] | None = None
    by_rows: Callable[[Any, Folder], bool] = lambda native, folder: False
    unnamed: Callable[[Any, Folder, list[Any]], Predict | None] = lambda native, folder, names: None
    plain: Callable[[Any], Any] | None = None
    check: Callable[[Any], None] | None = None


def calling(method: Callable[..., Any]) -> Predict:
    """What predicts by calling a method with the data, and the params by name."""

    def predict(data: Any, params: dict[str, Any] | None = None) -> Any:
        return method(data, **(params or {}))

    return predict


def check_path(root: str, path: object, what: str) -> str:
    """Where a path that an MLmodel file names lies: within the model's folder, links followed. Raises InvalidParameter.

    Args:
        root: the folder.
        path: as the file has it, with '/' or Windows' '\\' between its parts.
        what: the path is, as an error names it.
    """
    if not isinstance(path, str) or not path or "\0" in path:
        raise InvalidParameter(f"The model's {what} is {path!r:.200}, which is no path in its folder.")
    if "\\" in path and not os.path.lexists(os.path.join(root, path)):  # MLflow on Windows wrote it
        path = path.replace("\\", "/")
    inner = os.path.realpath(os.path.join(root, path))
    if os.path.commonpath([os.path.realpath(root), inner]) != os.path.realpath(root):
        raise InvalidParameter(f"The model's {what} is {path!r:.200}, which leads out of its folder.")
    return inner
