"""The model registry as deployments use it: versions, aliases, tags, stages, descriptions, searches, copies, deletion."""

import warnings

import mlflow
import mlflow.pyfunc
import reading
from mlflow import MlflowClient

warnings.simplefilter("ignore")  # stages are deprecated


class Doubler(mlflow.pyfunc.PythonModel):
    """A model without a library."""

    def __init__(self, factor):
        self.factor = factor

    def predict(self, context, model_input, params=None):
        return [value * self.factor for value in model_input]


client = MlflowClient()
mlflow.set_experiment("registry")
run_ids = []
for factor in (2, 3, 4):
    with mlflow.start_run() as run:
        mlflow.pyfunc.log_model(
            **reading.model_place("doubler"), python_model=Doubler(factor), pip_requirements=["cloudpickle"]
        )
    run_ids.append(run.info.run_id)

client.create_registered_model("doubler", tags={"team": "a"}, description="doubles")
for run_id in run_ids:
    mlflow.register_model(f"runs:/{run_id}/doubler", "doubler", tags={"run": run_id})

client.update_registered_model("doubler", description="multiplies")
client.set_registered_model_tag("doubler", "risk", "low")
client.delete_registered_model_tag("doubler", "team")
client.update_model_version("doubler", "2", description="by three")
client.set_model_version_tag("doubler", "2", "checked", "yes")
client.set_model_version_tag("doubler", "3", "checked", "no")
client.delete_model_version_tag("doubler", "3", "checked")
client.set_registered_model_alias("doubler", "champion", 1)
client.set_registered_model_alias("doubler", "champion", 2)
client.set_registered_model_alias("doubler", "challenger", 3)
client.delete_registered_model_alias("doubler", "challenger")
client.transition_model_version_stage("doubler", "1", "Staging")
client.transition_model_version_stage("doubler", "2", "Staging", archive_existing_versions=True)
client.transition_model_version_stage("doubler", "3", "Production")
champion = mlflow.pyfunc.load_model("models:/doubler@champion").predict([1, 2])
production = mlflow.pyfunc.load_model("models:/doubler/Production").predict([1, 2])
latest = mlflow.pyfunc.load_model("models:/doubler/latest").predict([1, 2])
client.copy_model_version("models:/doubler@champion", "copy")
copied = mlflow.pyfunc.load_model("models:/copy/1").predict([5])
client.rename_registered_model("copy", "copied")
found = client.search_model_versions("name = 'doubler'", order_by=["version_number ASC"])
versions = [client.get_model_version("doubler", each.version) for each in found]
checked = client.search_model_versions("name = 'doubler' and tags.checked = 'yes'")
of_run = client.search_model_versions(f"run_id = '{run_ids[2]}'")
names = [model.name for model in client.search_registered_models(order_by=["name DESC"])]
like = [model.name for model in client.search_registered_models("name ILIKE 'DOUB%'")]
model = client.get_registered_model("doubler")
uri = client.get_model_version_download_uri("doubler", "1")
client.delete_model_version("doubler", "1")
client.delete_registered_model("copied")


def refused(call):
    """The code that a call is refused with."""
    try:
        call()
    except mlflow.MlflowException as error:
        return error.error_code
    return "was not refused"


reading.say(
    written={
        "model": ["doubler", "multiplies", {"risk": "low"}, {"champion": "2"}],
        "versions": [
            ["1", "Archived", "", {"run": run_ids[0]}, [], run_ids[0], "READY"],
            ["2", "Staging", "by three", {"run": run_ids[1], "checked": "yes"}, ["champion"], run_ids[1], "READY"],
            ["3", "Production", "", {"run": run_ids[2]}, [], run_ids[2], "READY"],
        ],
        "latest by stage": {"Archived": "1", "Staging": "2", "Production": "3"},
        "loaded": [[3, 6], [4, 8], [4, 8], [15]],
        "searches": [["2"], ["3"], ["doubler", "copied"], ["doubler"]],
        "download": True,
        "left": ["2", "3"],
        "refused": [
            "RESOURCE_DOES_NOT_EXIST",
            "RESOURCE_DOES_NOT_EXIST",
            "RESOURCE_ALREADY_EXISTS",
            "INVALID_PARAMETER_VALUE",
            "INVALID_PARAMETER_VALUE",
        ],
    },
    read={
        "model": [
            model.name,
            model.description,
            model.tags,
            {name: str(number) for name, number in model.aliases.items()},
        ],
        "versions": [
            [
                str(each.version),
                each.current_stage,
                each.description or "",
                each.tags,
                list(each.aliases),
                each.run_id,
                each.status,
            ]
            for each in versions
        ],
        "latest by stage": {each.current_stage: str(each.version) for each in model.latest_versions},
        "loaded": [champion, production, latest, copied],
        "searches": [[str(each.version) for each in checked], [str(each.version) for each in of_run], names, like],
        "download": uri.startswith(("mlflow-artifacts:/", "models:/", "runs:/")),
        "left": sorted(str(each.version) for each in client.search_model_versions("name = 'doubler'")),
        "refused": [
            refused(lambda: client.get_registered_model("copied")),
            refused(lambda: client.get_model_version("doubler", "1")),
            refused(lambda: client.create_registered_model("doubler")),
            refused(lambda: client.get_model_version_by_alias("doubler", "challenger")),
            refused(lambda: client.transition_model_version_stage("doubler", "2", "Nowhere")),
        ],
    },
)
