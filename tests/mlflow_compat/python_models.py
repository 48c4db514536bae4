"""Saves and loads models that are Python code, as a script by the name of mlflow: `python_models.py [--runstone] save:FOLDER load:FOLDER ...`.

Prints what was loaded said, by folder, as JSON."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from typing import Optional

try:
    import pydantic
except ImportError:
    pydantic = None

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
acts = [act.split(":") for act in sys.argv[1:] if ":" in act]
if "--runstone" in sys.argv:
    import runstone as mlflow
    from runstone.models import infer_signature
    from runstone.pyfunc import PythonModel
else:
    import mlflow
    from mlflow.models import infer_signature
    from mlflow.pyfunc import PythonModel


class Greeting(PythonModel):
    def load_context(self, context):
        with open(context.artifacts["word"]) as file:
            self.word = file.read()
        self.mark = (context.model_config or {}).get("mark", "")

    def predict(self, context, model_input, params=None):
        return [f"{self.word} {name}{self.mark}{(params or {}).get('end', '')}" for name in model_input["name"]]


class Plain(PythonModel):
    def predict(self, model_input):
        return [len(str(value)) for value in model_input]


class Hinted(PythonModel):
    def predict(self, ctx, model_input: list[str], params=None) -> list[int]:
        return [len(value) for value in model_input]


class Longer(Hinted):
    def predict(self, context, model_input: list[str], params=None) -> list[int]:
        return [length + 1 for length in super().predict(context, model_input)]


if pydantic:

    class Row(pydantic.BaseModel):
        name: str
        size: int = 2
        note: Optional[str] = None  # noqa: UP045  (an older spelling is a hint as well)

    class Rows(PythonModel):
        def predict(self, context, model_input: list[Row]) -> list[str]:
            return [row.name * row.size for row in model_input]


def lengths(texts):
    return [len(text) for text in texts]


def in_column(frame):
    return [len(text) for text in frame[0]]


def hinted(texts: list[str]) -> list[int]:
    return [len(text) for text in texts]


def sums(rows: list[dict[str, int]]):
    return [sum(row.values()) for row in rows]


def models():
    """Name to the arguments of save_model."""
    rows = infer_signature([{"name": "you"}], ["hello"], {"end": "."})
    made = {
        "object": {
            "python_model": Greeting(),
            "artifacts": {"word": "word.txt"},
            "model_config": {"mark": "!"},
            "signature": rows,
        },
        "without-context": {"python_model": Plain()},
        "hinted": {"python_model": Hinted()},
        "inherited": {"python_model": Longer()},
        "function": {"python_model": lengths},
        "signed-function": {"python_model": in_column, "signature": infer_signature(["a"], [1])},
        "hinted-function": {"python_model": hinted},
        "dicts": {"python_model": sums},
        "code": {"python_model": "model_code.py", "model_config": {"times": 3}},
        "loader": {"loader_module": "my_loader", "data_path": "n.txt", "code_paths": ["code/my_loader.py"]},
    }
    sys.path.insert(0, "code")
    # a module that imports mlflow, which is not there where runstone is alone
    if "--runstone" in sys.argv:
        sys.modules["mlflow"] = mlflow
    from own_words import Upper

    if "--runstone" in sys.argv:
        del sys.modules["mlflow"]
    made["by-reference"] = {"python_model": Upper(), "code_paths": ["code/own_words.py"]}
    if pydantic:
        made["records"] = {"python_model": Rows()}
    return made


ASKED = {
    "object": ([{"name": "you"}], {"end": "?"}), "without-context": (["abc", 12],), "hinted": (["ab"],), "inherited": (["ab"],),
    "function": (["abc"],), "signed-function": (["abc"],), "hinted-function": (["abc"],), "dicts": ([{"a": 1, "b": 2}],), "code": (["ab"],),
    "loader": ([1, 2],), "by-reference": (["ab"],), "records": ([{"name": "x", "size": 3}],),
}  # fmt: skip
REFUSED = {"hinted": [1], "hinted-function": "abc", "dicts": [{"a": "b"}], "records": [{"name": 3}], "code": [None]}


def answers(folder):
    found = {}
    for name in sorted(set(os.listdir(folder)) - ({"records"} if pydantic is None else set())):
        model = mlflow.pyfunc.load_model(f"{folder}/{name}")
        said = model.predict(*ASKED[name])
        refused = ""
        if name in REFUSED:
            try:
                model.predict(REFUSED[name])
                refused = "nothing"
            except mlflow.MlflowException as error:
                refused = getattr(error, "error_code", "")
        flag = (model.metadata.to_dict()).get("is_signature_from_type_hint")
        signature = model.metadata.signature
        found[name] = {
            "said": said, "refused": refused, "by hint": flag, "signature": None if signature is None else signature.to_dict(),
            "config": model.model_config, "loader": model.loader_module,
        }  # fmt: skip
    return found


found = {}
for what, folder in acts:
    if what == "save":
        for name, arguments in models().items():
            mlflow.pyfunc.save_model(f"{folder}/{name}", pip_requirements=["cloudpickle"], **arguments)
    else:
        found[folder] = answers(folder)
assert ("mlflow" in sys.modules) == ("--runstone" not in sys.argv)
print(json.dumps(found))
