"""Every environment variable runstone reads, with its default and meaning; nothing else in the package reads the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from runstone.errors import InvalidParameter
from runstone.spellings import (
    boolean,
    caching,
    count,
    interval,
    linking,
    offline,
    optional,
    pickles,
    samples,
    schemes,
    seconds,
    size,
)

Value = TypeVar("Value")


class Setting(Generic[Value]):
    """One environment variable.

    Args:
        name: the variable's name.
        parse: text to value; raises ValueError on text it does not take.
        default: the value when no variable is set.
        meaning: one sentence for the documentation, with the unit.
        also: MLflow's names for the same thing, read after ours.
    """

    __slots__ = ("also", "default", "meaning", "name", "parse")

    def __init__(
        self, name: str, parse: Callable[[str], Value], default: Value, meaning: str, also: tuple[str, ...] = ()
    ) -> None:
        self.name, self.parse, self.default, self.meaning, self.also = name, parse, default, meaning, also

    def read(self) -> Value:
        """The value now. Raises InvalidParameter when the variable's text makes no sense."""
        for name in (self.name, *self.also):
            text = os.environ.get(name)
            if text:
                try:
                    return self.parse(text)
                except ValueError as error:
                    raise InvalidParameter(
                        f"The environment variable {name}={text!r} is not valid: {error}."
                    ) from error
        return self.default

    def write(self, value: object) -> None:
        """Set it for this process and its children; None unsets it, under MLflow's names too."""
        if value is None:
            for name in (self.name, *self.also):
                os.environ.pop(name, None)
        else:
            os.environ[self.name] = str(value)


_NO_TEXT: str | None = None

URI = Setting(
    "RUNSTONE_URI", optional, _NO_TEXT,
    "Where the store is: a folder, a file: URI or a server's http(s): address. Unset: the nearest .runstone/ above the working folder.",
    also=("MLFLOW_TRACKING_URI",),
)  # fmt: skip
EXPERIMENT_NAME = Setting(
    "RUNSTONE_EXPERIMENT_NAME", optional, _NO_TEXT, "Experiment that new runs go to, by name; made when missing.",
    also=("MLFLOW_EXPERIMENT_NAME",),
)  # fmt: skip
EXPERIMENT_ID = Setting(
    "RUNSTONE_EXPERIMENT_ID",
    optional,
    _NO_TEXT,
    "Experiment that new runs go to, by id.",
    also=("MLFLOW_EXPERIMENT_ID",),
)
RUN_ID = Setting(
    "RUNSTONE_RUN_ID",
    optional,
    _NO_TEXT,
    "Run that start_run() resumes when it is given none.",
    also=("MLFLOW_RUN_ID",),
)
ACTIVE_MODEL_ID = Setting(
    "RUNSTONE_ACTIVE_MODEL_ID", optional, _NO_TEXT, "Logged model that metrics are of which name none, as after set_active_model().",
    also=("MLFLOW_ACTIVE_MODEL_ID", "_MLFLOW_ACTIVE_MODEL_ID"),
)  # fmt: skip
RUN_CONTEXT = Setting(
    "RUNSTONE_RUN_CONTEXT",
    optional,
    _NO_TEXT,
    "Tags for every new run, as a JSON object.",
    also=("MLFLOW_RUN_CONTEXT",),
)
DRAIN_INTERVAL = Setting(
    "RUNSTONE_DRAIN_INTERVAL", seconds, 0.5, "Seconds between two shipments of journalled metric points to the store."
)
CONSOLE = Setting("RUNSTONE_CONSOLE", boolean, True, "Record the console output of runs as an artifact (1 or 0).")
CONSOLE_LIMIT = Setting(
    "RUNSTONE_CONSOLE_LIMIT", size, 16_777_216,
    "Bytes that a run's recorded console may have; beyond, a part of the middle is left out.",
)  # fmt: skip
DIFF_LIMIT = Setting(
    "RUNSTONE_DIFF_LIMIT", size, 1_048_576,
    "Bytes that the recorded difference from the last git commit may have; 0 does not record it.",
)  # fmt: skip
GIT_TIMEOUT = Setting(
    "RUNSTONE_GIT_TIMEOUT", seconds, 10.0,
    "Seconds that git may take to tell what is not committed, in the background; 0 does not ask it.",
)  # fmt: skip
NOTEBOOK = Setting(
    "RUNSTONE_NOTEBOOK", optional, _NO_TEXT,
    "The notebook that runs of a kernel say they came from. Unset: the file that VS Code or Jupyter says.",
    also=("JPY_SESSION_NAME",),
)  # fmt: skip
PROVENANCE = Setting(
    "RUNSTONE_PROVENANCE", boolean, True, "Record the installed packages of runs as an artifact (1 or 0)."
)
TRUNCATE = Setting(
    "RUNSTONE_TRUNCATE_LONG_VALUES", boolean, True,
    "Cut over-long params (6,000 characters) and tags (8,000) with a warning; 0 makes them an error.",
    also=("MLFLOW_TRUNCATE_LONG_VALUES",),
)  # fmt: skip
QUIET = Setting("RUNSTONE_QUIET", boolean, False, "Do not say on stderr where a run went (1 or 0).")
PROGRESS = Setting(
    "RUNSTONE_PROGRESS", boolean, True, "Show progress bars for what lasts over a second, on a terminal (1 or 0).",
    also=("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR",),
)  # fmt: skip
SYSTEM_METRICS = Setting(
    "RUNSTONE_SYSTEM_METRICS", boolean, False,
    "Record what the machine does during runs (1 or 0); `start_run(log_system_metrics=...)` says so of one.",
    also=("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING",),
)  # fmt: skip
SYSTEM_METRICS_INTERVAL = Setting(
    "RUNSTONE_SYSTEM_METRICS_INTERVAL", interval, 10.0, "Seconds between two samples of system metrics.",
    also=("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL",),
)  # fmt: skip
SYSTEM_METRICS_SAMPLES = Setting(
    "RUNSTONE_SYSTEM_METRICS_SAMPLES", samples, 1, "Samples of system metrics whose mean is a point.",
    also=("MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING",),
)  # fmt: skip
SYSTEM_METRICS_NODE = Setting(
    "RUNSTONE_SYSTEM_METRICS_NODE", optional, _NO_TEXT, "What this machine is called in the names of system metrics: `system/NODE/...`.",
    also=("MLFLOW_SYSTEM_METRICS_NODE_ID",),
)  # fmt: skip
BUSY_TIMEOUT = Setting(
    "RUNSTONE_BUSY_TIMEOUT", seconds, 60.0, "Seconds to wait for another process's write to the store."
)

KEEP_DELETED = Setting(
    "RUNSTONE_KEEP_DELETED", seconds, 2_592_000.0,
    "Seconds after which pruning removes deleted runs, models and experiments for good; until then they can be restored.",
)  # fmt: skip
KEEP_UNFINISHED = Setting(
    "RUNSTONE_KEEP_UNFINISHED", seconds, 86_400.0,
    "Seconds that pruning keeps what an upload that broke off has left, so that it can go on from there.",
)  # fmt: skip
PRUNE_GRACE = Setting(
    "RUNSTONE_PRUNE_GRACE", seconds, 900.0,
    "Seconds that pruning waits, beside a server or somebody who stores, before it deletes what nothing needs.",
)  # fmt: skip
PRUNE_REWRITE = Setting(
    "RUNSTONE_PRUNE_REWRITE",
    count,
    50,
    "Percent of a pack that must be dead for pruning to write the rest of it anew.",
)

BATCH_LIMIT = Setting(
    "RUNSTONE_BATCH_LIMIT", size, 1000, "Metrics, params and tags in one log-batch request; of params and of tags, a tenth of it each."
)  # fmt: skip
KEY_LIMIT = Setting("RUNSTONE_KEY_LIMIT", size, 250, "Characters of a metric's, param's or tag's key.")
PARAM_LIMIT = Setting("RUNSTONE_PARAM_LIMIT", size, 6000, "Characters of a param's value.")
TAG_LIMIT = Setting("RUNSTONE_TAG_LIMIT", size, 8000, "Characters of a tag's value, also of a run's name and user.")
PAGE_LIMIT = Setting("RUNSTONE_PAGE_LIMIT", size, 50_000, "Runs or experiments in one answer to a search.")
FILTER_LIMIT = Setting("RUNSTONE_FILTER_LIMIT", size, 20_000, "Characters of a search's filter.")
FILTER_KEYS = Setting("RUNSTONE_FILTER_KEYS", size, 60, "Metrics, params and tags that a search may name.")
SERVER_BODY_LIMIT = Setting(
    "RUNSTONE_SERVER_BODY_LIMIT", size, 33_554_432, "Bytes that a JSON request to a server may have (artifacts have no limit)."
)  # fmt: skip
SERVER_JSON_DEPTH = Setting(
    "RUNSTONE_SERVER_JSON_DEPTH", size, 32, "How deep the JSON of a request to a server may be nested."
)
SERVER_REQUEST_TIMEOUT = Setting(
    "RUNSTONE_SERVER_REQUEST_TIMEOUT", seconds, 120.0, "Seconds that a server gives a JSON request, from its first byte to the answer; 0 is no limit."
)  # fmt: skip
SERVER_HEADER_TIMEOUT = Setting(
    "RUNSTONE_SERVER_HEADER_TIMEOUT", seconds, 20.0, "Seconds that a client may take to send a request's headers to a server."
)  # fmt: skip
SERVER_CONNECTIONS = Setting(
    "RUNSTONE_SERVER_CONNECTIONS",
    size,
    2000,
    "Connections that a server process holds at once; more are told to come again.",
)
SERVER_DEPARTURE = Setting(
    "RUNSTONE_SERVER_DEPARTURE", seconds, 8.0, "Seconds that a server which is told to end (SIGTERM) gives what is under way."
)  # fmt: skip
SERVING_TIMEOUT = Setting(
    "RUNSTONE_SERVING_TIMEOUT", seconds, 60.0, "Seconds that `runstone models serve` gives a request; 0 is no limit.",
    also=("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT",),
)  # fmt: skip
WEBHOOK_SCHEMES = Setting(
    "RUNSTONE_WEBHOOK_SCHEMES", schemes, "https", "What the addresses of webhooks may begin with: https, or http,https.",
    also=("MLFLOW_WEBHOOK_ALLOWED_SCHEMES",),
)  # fmt: skip
WEBHOOK_HOSTS = Setting(
    "RUNSTONE_WEBHOOK_HOSTS", optional, _NO_TEXT,
    "Hosts (commas between), each with a port or without, that webhooks may reach although they are not on the public network.",
)  # fmt: skip
WEBHOOK_KEY = Setting(
    "RUNSTONE_WEBHOOK_KEY", optional, _NO_TEXT,
    "Key that webhooks' secrets are sealed with; older ones behind it, commas between. Unset: the one in webhooks.key in the store.",
    also=("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY",),
)  # fmt: skip
WEBHOOK_TIMEOUT = Setting(
    "RUNSTONE_WEBHOOK_TIMEOUT", seconds, 10.0, "Seconds that one attempt to tell a webhook's receiver may take.",
    also=("MLFLOW_WEBHOOK_REQUEST_TIMEOUT",),
)  # fmt: skip
WEBHOOK_PATIENCE = Setting(
    "RUNSTONE_WEBHOOK_PATIENCE", seconds, 86_400.0,
    "Seconds after which an event that a webhook's receiver does not take is given up.",
)  # fmt: skip
STATE = Setting(
    "RUNSTONE_STATE", optional, _NO_TEXT,
    "Folder of this machine for what is on its way to servers. Unset: runstone/ in XDG_STATE_HOME, or in ~/.local/state.",
)  # fmt: skip
PICKLE = Setting(
    "RUNSTONE_PICKLE", pickles, _NO_TEXT,
    "What loading a model does that could run code: allow, warn or refuse. Unset: warn of what the store has, refuse what nobody here knows.",
    also=("MLFLOW_ALLOW_PICKLE_DESERIALIZATION",),
)  # fmt: skip
REREAD = Setting(
    "RUNSTONE_REREAD", boolean, False,
    "Read every file that is logged, also one that has not changed since it was read (1 or 0).",
)  # fmt: skip
CACHE = Setting(
    "RUNSTONE_CACHE", caching, "servers",
    "Whose files are kept on this machine once they were downloaded: servers is those of servers; always is those of a folder here as well; or never.",
)  # fmt: skip
CACHE_FOLDER = Setting(
    "RUNSTONE_CACHE_FOLDER", optional, _NO_TEXT,
    "Folder for downloaded files. Unset: cache/ in RUNSTONE_STATE where that is set, else runstone/ in XDG_CACHE_HOME, or in ~/.cache.",
)  # fmt: skip
CACHE_SIZE = Setting(
    "RUNSTONE_CACHE_SIZE", size, 10_737_418_240,
    "Bytes of downloaded files that are kept; those used longest ago go first.",
)  # fmt: skip
CACHE_LINKS = Setting(
    "RUNSTONE_CACHE_LINKS", linking, "temporary",
    "Where a download is a read-only link to the cached file instead of a copy: in temporary folders; always; or never.",
)  # fmt: skip
OFFLINE = Setting(
    "RUNSTONE_OFFLINE", offline, "auto",
    "What a run does while its server is away: auto keeps params, tags and its state on this machine until it is back, never raises.",
)  # fmt: skip
OFFLINE_AFTER = Setting(
    "RUNSTONE_OFFLINE_AFTER", seconds, 5.0,
    "Seconds that a call waits for a server before what it says is kept on this machine to be sent later.",
)  # fmt: skip
END_TIMEOUT = Setting(
    "RUNSTONE_END_TIMEOUT", seconds, 30.0,
    "Seconds that the end of a run waits for a server that is away; then what is left is kept on this machine.",
)  # fmt: skip
HTTP_TIMEOUT = Setting(
    "RUNSTONE_HTTP_TIMEOUT", seconds, 120.0, "Seconds that a request to a server may take, with all its retries; for a file, that nothing of it may move.",
    also=("MLFLOW_HTTP_REQUEST_TIMEOUT",),
)  # fmt: skip
HTTP_RETRIES = Setting(
    "RUNSTONE_HTTP_RETRIES", count, 7, "How often a request is sent again when a server does not answer, or says later.",
    also=("MLFLOW_HTTP_REQUEST_MAX_RETRIES",),
)  # fmt: skip
USERNAME = Setting(
    "RUNSTONE_USERNAME", optional, _NO_TEXT, "Name that a server is told, with the password.",
    also=("MLFLOW_TRACKING_USERNAME",),
)  # fmt: skip
PASSWORD = Setting(
    "RUNSTONE_PASSWORD", optional, _NO_TEXT, "Password that a server is told.", also=("MLFLOW_TRACKING_PASSWORD",)
)
TOKEN = Setting(
    "RUNSTONE_TOKEN", optional, _NO_TEXT, "Token that a server is told instead of a name and password.",
    also=("MLFLOW_TRACKING_TOKEN",),
)  # fmt: skip
INSECURE_TLS = Setting(
    "RUNSTONE_INSECURE_TLS", boolean, False, "Do not check a server's certificate (1 or 0).",
    also=("MLFLOW_TRACKING_INSECURE_TLS",),
)  # fmt: skip
SERVER_CERTIFICATE = Setting(
    "RUNSTONE_SERVER_CERTIFICATE", optional, _NO_TEXT,
    "File or folder of the certificates that a server's is checked against, instead of the system's.",
    also=("MLFLOW_TRACKING_SERVER_CERT_PATH",),
)  # fmt: skip
CLIENT_CERTIFICATE = Setting(
    "RUNSTONE_CLIENT_CERTIFICATE", optional, _NO_TEXT, "File with our certificate and key, for servers that ask for one.",
    also=("MLFLOW_TRACKING_CLIENT_CERT_PATH",),
)  # fmt: skip

S3_ENDPOINT = Setting(
    "RUNSTONE_S3_ENDPOINT_URL", optional, _NO_TEXT,
    "Address of the S3 in which a server's artifact buckets are, where that is not Amazon's.",
    also=("MLFLOW_S3_ENDPOINT_URL",),
)  # fmt: skip

ALL: tuple[Setting[object], ...] = tuple(value for value in list(globals().values()) if isinstance(value, Setting))


def state_folder() -> str:
    """Where this machine keeps what is on its way to servers."""
    given = STATE.read()
    if given:
        return os.path.abspath(os.path.expanduser(given))
    home = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(home):  # as the XDG rules have it: one that is relative does not count
        home = os.path.expanduser(os.path.join("~", ".local", "state"))
    return os.path.join(home, "runstone")


def cache_folder() -> str:
    """Where this machine keeps files that were downloaded."""
    given = CACHE_FOLDER.read()
    if given:
        return os.path.abspath(os.path.expanduser(given))
    if STATE.read():
        return os.path.join(state_folder(), "cache")
    home = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(home if os.path.isabs(home) else os.path.expanduser(os.path.join("~", ".cache")), "runstone")


def proxy_for(address: str) -> str | None:
    """The proxy that the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY) names for an address."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(address)
    named = getproxies()
    return None if not named or proxy_bypass(parts.netloc.rpartition("@")[2]) else named.get(parts.scheme)


def lead_python_path(folder: str) -> None:
    """Have the Pythons that this process starts look for modules in `folder` first."""
    rest = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = folder + (os.pathsep + rest if rest else "")


def elsewhere(folder: str, extra: Mapping[str, str]) -> dict[str, str]:
    """The variables for a process in another Python environment, at `folder`: nothing of this one's modules leads there; `extra` counts last."""
    ours = ("PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__")
    found = {name: value for name, value in os.environ.items() if name not in ours}
    path = os.path.join(folder, "bin") + os.pathsep + found.get("PATH", os.defpath)
    return {**found, "PATH": path, "VIRTUAL_ENV": folder, **extra}


def hand_on(name: str, text: str) -> None:
    """Leave a text for the processes that this one starts; no user sets it."""
    os.environ[name] = text


def handed_on(name: str) -> str:
    """A text that the process which started this one left; empty where there is none."""
    return os.environ.get(name, "")
