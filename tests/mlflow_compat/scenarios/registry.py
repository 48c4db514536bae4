import mlflow
from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag

client = mlflow.MlflowClient()


def logged():
    return f"models:/{mlflow.initialize_logged_model('m', model_type='t').model_id}"


def version(name, **more):
    source = logged()
    return client.create_model_version(name, source, model_id=source.removeprefix("models:/"), **more)


# %% registered models
client.create_registered_model("plain")
client.create_registered_model("plain")
client.create_registered_model("full", {"a": 1, "b": None}, "words")
client.create_registered_model("tagged", tags={})
client.get_registered_model("full")
client.get_registered_model("none")
client.get_registered_model("")
client.get_registered_model(None)
client.update_registered_model("full", "other words")
client.update_registered_model("full", "")
client.update_registered_model("full")
client.update_registered_model("none", "words")
client.rename_registered_model("full", "renamed") and None
client.rename_registered_model("renamed", "plain")
client.rename_registered_model("renamed", "renamed") and None
client.rename_registered_model("none", "other")
client.rename_registered_model("renamed", "")
client.rename_registered_model("renamed", "  ")
client.rename_registered_model("renamed", None)
client.delete_registered_model("renamed")
client.delete_registered_model("renamed")
client.delete_registered_model(None)
client.create_registered_model("renamed").tags

# %% names of registered models
client.create_registered_model("")
client.create_registered_model(" ")
client.create_registered_model(None)
client.create_registered_model(5)
client.create_registered_model("a/b")
client.create_registered_model("a:b")
client.create_registered_model("..")
client.create_registered_model("a b").name
client.create_registered_model("größe ✓").name
client.create_registered_model("a%2fb").name
client.create_registered_model("CASE").name
client.create_registered_model("case").name
client.create_registered_model("n" * 256).name
client.create_registered_model("n" * 257)  # differs: long names of models

# %% tags of registered models
client.create_registered_model("labels")
client.set_registered_model_tag("labels", "a", 1)
client.set_registered_model_tag("labels", "a", None)
client.set_registered_model_tag("labels", "with space", "x")
client.set_registered_model_tag("labels", "k" * 250, "x")
client.set_registered_model_tag("labels", "k" * 251, "x")
client.set_registered_model_tag("labels", "", "x")
client.set_registered_model_tag("labels", None, "x")
client.set_registered_model_tag("labels", "a%", "x")
client.set_registered_model_tag("labels", "../a", "x")
client.set_registered_model_tag("labels", "v", "v" * 100_000)
client.set_registered_model_tag("labels", "w", "v" * 100_001)
client.set_registered_model_tag("none", "a", 1)
client.delete_registered_model_tag("labels", "a")
client.delete_registered_model_tag("labels", "a")
client.delete_registered_model_tag("none", "a")
sorted(client.get_registered_model("labels").tags)
client.create_registered_model("wrong", tags={"": "x"})
client.create_registered_model("wrong too", tags={"a%": "x"})

# %% versions
client.create_registered_model("versions")
first = version("versions")
second = version("versions", tags={"a": 1}, run_link="http://x", description="words")
client.get_model_version("versions", "1")
client.get_model_version("versions", 2)
type(first.version).__name__  # differs: version numbers
second.user_id  # differs: who registers
client.get_model_version("versions", "9")
client.get_model_version("versions", "x")
client.get_model_version("versions", "")
client.get_model_version("versions", None)
client.get_model_version("none", "1")
client.get_registered_model("versions")
client.create_model_version("none", logged())
client.create_model_version("versions", "")  # differs: sources of versions
client.create_model_version("versions", None)  # differs: sources of versions
client.create_model_version("versions", "/etc/passwd")  # differs: sources of versions
client.create_model_version("versions", "s3://bucket/path")  # differs: sources of versions
client.create_model_version("versions", "http://host/path")  # differs: sources of versions
client.create_model_version("versions", "models:/m-" + "0" * 32)
client.create_model_version("versions", "models:/none/1")
client.update_model_version("versions", "1", "words")
client.update_model_version("versions", "1")
client.update_model_version("versions", "9", "words")
client.get_model_version_stages("versions", "1")
client.delete_model_version("versions", "1")
client.delete_model_version("versions", "1")
client.get_model_version("versions", "1")

# %% numbers of versions
client.create_registered_model("numbers")
[int(version("numbers").version) for _ in range(3)]
client.delete_model_version("numbers", "1")
int(version("numbers").version)
client.delete_model_version("numbers", "4")
int(version("numbers").version)

# %% a version of a run's files
run = client.create_run(mlflow.set_experiment("files of versions").experiment_id)
client.create_registered_model("files")
client.create_model_version("files", f"runs:/{run.info.run_id}/model", run.info.run_id)
client.create_model_version("files", f"{run.info.artifact_uri}/model", run.info.run_id).run_id == run.info.run_id
client.get_model_version_download_uri("files", "1") == f"runs:/{run.info.run_id}/model"
client.get_model_version_download_uri("files", "2") == f"{run.info.artifact_uri}/model"
client.get_model_version_download_uri("files", "9")
client.create_model_version("files", logged())
client.get_model_version_download_uri("files", "3")

# %% copies
client.create_registered_model("original")
version("original", description="words", tags={"a": "b"})
client.set_registered_model_alias("original", "best", "1")
client.copy_model_version("models:/original/1", "copy")
client.copy_model_version("models:/original@best", "copy").source
client.get_model_version_download_uri("copy", "1")
client.copy_model_version("models:/original", "copy")
client.copy_model_version("nonsense", "copy")
client.copy_model_version("models:/none/1", "copy")

# %% aliases
client.create_registered_model("aliases")
version("aliases")
version("aliases")
client.set_registered_model_alias("aliases", "best", "1")
client.set_registered_model_alias("aliases", "best", 2)
client.set_registered_model_alias("aliases", "first", "1")
client.get_model_version_by_alias("aliases", "best").aliases
client.get_model_version_by_alias("aliases", "none")
client.get_model_version_by_alias("none", "best")
{alias: int(number) for alias, number in client.get_registered_model("aliases").aliases.items()}
client.set_registered_model_alias("aliases", "latest", "1")
client.set_registered_model_alias("aliases", "v1", "1")
client.set_registered_model_alias("aliases", "a b", "1")
client.set_registered_model_alias("aliases", "a.b", "1")
client.set_registered_model_alias("aliases", "", "1")
client.set_registered_model_alias("aliases", None, "1")
client.set_registered_model_alias("aliases", "a" * 255, "1")
client.set_registered_model_alias("aliases", "a" * 256, "1")
client.set_registered_model_alias("aliases", "best", "9")
client.set_registered_model_alias("aliases", "best", "x")
client.set_registered_model_alias("none", "best", "1")
client.delete_registered_model_alias("aliases", "best")
client.delete_registered_model_alias("aliases", "best")
client.delete_registered_model_alias("none", "best")
client.delete_model_version("aliases", "1")
client.get_registered_model("aliases").aliases

# %% stages
client.create_registered_model("stages")
[version("stages") and None for _ in range(3)]
client.transition_model_version_stage("stages", "1", "Production")
client.transition_model_version_stage("stages", "2", "staging").current_stage
client.transition_model_version_stage("stages", "3", "Production", archive_existing_versions=True)
[int(found.version) for found in client.get_latest_versions("stages")]
[int(found.version) for found in client.get_latest_versions("stages", ["Production"])]
[int(found.version) for found in client.get_latest_versions("stages", ["None"])]
[found.current_stage for found in client.get_registered_model("stages").latest_versions]
client.get_latest_versions("stages", ["nonsense"])
client.get_latest_versions("none")
client.transition_model_version_stage("stages", "1", "nonsense")
client.transition_model_version_stage("stages", "1", None)
client.transition_model_version_stage("stages", "9", "Staging")
client.transition_model_version_stage("stages", "1", "None", archive_existing_versions=True)
client.set_model_version_tag("stages", key="a", value="b", stage="Production")
client.get_model_version("stages", "3").tags
client.set_model_version_tag("stages", "3", key="a", value="b", stage="Production")
client.set_model_version_tag("stages", key="a", value="b")
client.delete_model_version_tag("stages", key="a", stage="Production")

# %% tags of versions
client.create_registered_model("notes")
version("notes", tags={"a": 1})
client.set_model_version_tag("notes", "1", "b", 2)
mlflow.set_model_version_tag("notes", "1", "c", None)
client.set_model_version_tag("notes", "1", "", "x")
client.set_model_version_tag("notes", "9", "b", "x")
client.delete_model_version_tag("notes", "1", "a")
client.delete_model_version_tag("notes", "1", "a")
client.get_model_version("notes", "1").tags
version("notes", tags={"a%": "x"})
ModelVersionTag("a", "b")
RegisteredModelTag("a", "b").value

# %% searching registered models
[client.create_registered_model(f"search {number}", {"k": f"v{number % 2}"}) and None for number in range(5)]
[found.name for found in client.search_registered_models("name LIKE 'search%'")]
[found.name for found in client.search_registered_models("name LIKE 'search%'", order_by=["name DESC"])]
[found.name for found in client.search_registered_models("name LIKE 'search%' AND tags.k = 'v1'")]
[found.name for found in client.search_registered_models("name LIKE 'search%' AND tag.k != 'v1'")]
[found.name for found in client.search_registered_models("name ILIKE 'SEARCH%' and tags.none = 'x'")]
[found.name for found in mlflow.search_registered_models(filter_string="name LIKE 'search%'", max_results=2)]
page = client.search_registered_models("name LIKE 'search%'", max_results=2)
page = client.search_registered_models("name LIKE 'search%'", max_results=3, page_token=page.token)
len(client.search_registered_models("name LIKE 'search%'", max_results=1_000))
client.search_registered_models("name LIKE 'search%'", max_results=1_001)
client.search_registered_models("name LIKE 'search%'", max_results=-1)  # differs: sizes of pages
client.search_registered_models("nonsense")
client.search_registered_models("name = 5")
client.search_registered_models("name > 'a'")
client.search_registered_models("color = 'red'")
client.search_registered_models("name = 'search 1'", order_by=["nonsense"])
client.search_registered_models("name = 'search 1'", page_token="nonsense")

# %% searching versions
client.create_registered_model("find 1")
client.create_registered_model("find 2")
[version(f"find {number % 2 + 1}", tags={"k": f"v{number}"}) and None for number in range(4)]
found = client.search_model_versions("name LIKE 'find%'", order_by=["name ASC", "version_number ASC"])
[(one.name, int(one.version)) for one in client.search_model_versions("name LIKE 'find%'", order_by=["version_number DESC"])]
[(one.name, int(one.version)) for one in client.search_model_versions("name = 'find 1'", order_by=["version_number ASC"])]
[(one.name, int(one.version)) for one in client.search_model_versions("name LIKE 'find%' AND tags.k = 'v2'")]
[(one.name, int(one.version)) for one in client.search_model_versions("name LIKE 'find%' AND version_number = 2", order_by=["name"])]
[int(one.version) for one in mlflow.search_model_versions(filter_string="name = 'find 2'", order_by=["version_number"])]
len(client.search_model_versions("name LIKE 'find%'", max_results=3))
client.search_model_versions("name LIKE 'find%'", max_results=0)
client.search_model_versions("name LIKE 'find%'", max_results=200_001)
client.search_model_versions("version_number = 1.5")
client.search_model_versions("nonsense")
client.search_model_versions("name = 'find 1'", order_by=["nonsense"])

# %% registering
model = mlflow.initialize_logged_model("registered")
mlflow.register_model(f"models:/{model.model_id}", "new name").name
int(mlflow.register_model(f"models:/{model.model_id}", "new name", tags={"a": 1}).version)
client.get_model_version("new name", "2").tags
run = client.create_run("0")
mlflow.register_model(f"runs:/{run.info.run_id}/none", "nothing's name")
mlflow.register_model(f"models:/m-{'0' * 32}", "nothing's name")
[one.name for one in client.search_registered_models("name LIKE 'nothing%'")]  # differs: registering what is not there
