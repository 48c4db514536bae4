"""`scan`: what a file, or the files of a folder, would import if it were loaded; nothing of it is run, imported or changed."""

from __future__ import annotations

import os
import re

import msgspec

from runstone.errors import MissingFile
from runstone.safety import names, readings
from runstone.safety.contents import contents
from runstone.safety.held import Held
from runstone.safety.source import Budget
from runstone.safety.texts import read_yaml

_CODE = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib")
_DESCRIPTION, _MOST_DESCRIBED = "MLmodel", 16 << 20
# A library's own reader, and that of a pickled object, which is looked at. Others run files of code, or read what they like.
_PLAIN_LOADER, _OBJECTS = re.compile(r"mlflow\.\w*"), "mlflow.pyfunc.model"
# Keras' and TensorFlow's: layers of theirs hold bytecode, or call what they name.
_OPAQUE = (".keras", ".h5", ".hdf5", ".pb")


class Import(msgspec.Struct, frozen=True):
    """Something that loading would import.

    Attributes:
        name: "module.name".
        verdict: harmless, unknown (somebody's own code), or dangerous (it runs what it is told).
    """

    name: str
    verdict: str


class Scanned(msgspec.Struct, frozen=True):
    """What was seen of one file.

    Attributes:
        file: its path within the folder that was scanned; its name, where a file was.
        kind: 'pickle', 'joblib', 'torch', 'npy', 'npz', 'skops', 'zip', 'tar', 'code', with the compression; '' for what holds none of these.
        verdict: the worst of its imports; never harmless where there are problems.
        imports: each once, in the order of the file.
        problems: why the imports may not be all of it; "it" is the file.
    """

    file: str
    kind: str
    verdict: str
    imports: tuple[Import, ...] = ()
    problems: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """What was seen of a file or folder; `msgspec.to_builtins` or `msgspec.json.encode` make JSON of it.

    Attributes:
        path: what was scanned.
        verdict: the worst of its files.
        files: those that hold anything that could run.
    """

    path: str
    verdict: str
    files: tuple[Scanned, ...]


def scan(path: str | os.PathLike[str]) -> Report:
    """Look at a file or at every file of a folder, without running anything of it.

    Raises:
        MissingFile: there is nothing at this path.
    """
    place = os.fspath(path)
    if not os.path.exists(place):
        raise MissingFile(f"There is nothing to scan at {place!r}.", place)
    if os.path.isdir(place):
        within = contents(place)
        found = [scan_file(os.path.join(place, file), file) for file in within.files]
        found = [one for one in found if one.kind or one.problems]
        for file in within.files:  # an address may mean a model within
            if os.path.basename(file) == _DESCRIPTION:
                found += _described(os.path.join(place, file), file)
        found += [Scanned(name, "", names.UNKNOWN, (), (f"it is {what}",)) for name, what in within.odd.items()]
    else:
        found = [scan_file(place)]
    return Report(place, names.worst([one.verdict for one in found]), tuple(found))


def _described(path: str, called: str) -> list[Scanned]:
    """The module that a model's description has it loaded by, where that is none of MLflow's: it is code, which may read anything."""
    with open(path, "rb") as file:
        return described(file.read(_MOST_DESCRIBED + 1), called)


def described(content: bytes, called: str) -> list[Scanned]:
    """What the content of a description has run; nothing where it is one of MLflow's own readers."""
    try:
        if len(content) > _MOST_DESCRIBED:
            raise ValueError("it is too long")
        model = read_yaml(content)
        block = model["flavors"].get("python_function", {})
        loader, code = str(block.get("loader_module", "mlflow.")), "model_code_path" in block
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return [Scanned(called, "", names.UNKNOWN, (), (f"it is no model's description: {error!s:.200}",))]
    if (_PLAIN_LOADER.fullmatch(loader) or loader == _OBJECTS) and not code:
        return []
    named = f"the module {loader!r:.100}"
    if code:
        named = f"{os.path.basename(str(block['model_code_path']))!r:.100}, which is run"
    return [Scanned(called, "", names.UNKNOWN, (), (f"the model is loaded by {named}",))]


def scan_file(path: str, called: str | None = None) -> Scanned:
    """Look at one file; `called` is what the report calls it."""
    with Held(path) as file:
        return scan_held(file, os.path.basename(path) if called is None else called)


def scan_held(file: Held, name: str, surely: bool = False) -> Scanned:
    """Look at a file that will be read as it is looked at; `surely` as a pickle, whatever its name."""
    return scan_opened(file.open, name, surely)


def scan_opened(open_file: readings.Open, name: str, surely: bool = False, budget: Budget | None = None) -> Scanned:
    """Look at a file that is opened anew for each reading; within a budget, where whoever asks will not wait for all of it."""
    if name.lower().endswith(_CODE):
        return Scanned(name, "code", names.UNKNOWN)
    kind, seen = readings.of_file(open_file, name, surely, budget)
    found = {f"{one.module}.{one.name}": names.verdict(one.module, one.name) for one in seen.names}
    if kind == "skops":
        found |= dict.fromkeys(found.keys() - names.unknown_types(found), names.HARMLESS)
    imports = tuple(Import(name, verdict) for name, verdict in found.items())
    problems = tuple(seen.problems)
    if name.lower().endswith(_OPAQUE):
        problems += ("it is of a format whose models may hold code of their own, which is not looked for",)
    verdict = names.worst([one.verdict for one in imports] + [names.UNKNOWN] * bool(problems))
    return Scanned(name, kind, verdict, imports, problems)
