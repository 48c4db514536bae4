"""Which run, and which path among its files, an artifact's URI means."""

from __future__ import annotations

from runstone.errors import InvalidParameter


def parts_of_uri(uri: str) -> tuple[str, str]:
    """The run's id and the path ('' for all) of runs:/RUN/PATH, or of a run's artifact_uri with '/PATH' behind it. Raises InvalidParameter."""
    scheme, separator, rest = uri.partition(":")
    parts = rest.lstrip("/").split("/")
    if scheme == "runs" and separator and parts[0]:
        return parts[0], "/".join(parts[1:]).strip("/")
    # EXPERIMENT/RUN/artifacts/PATH, as a run's own artifact_uri has it
    if scheme == "mlflow-artifacts" and len(parts) >= 3 and parts[2] == "artifacts":
        return parts[1], "/".join(parts[3:]).strip("/")
    raise InvalidParameter(
        f"{uri!r} names no artifact of this store. Write runs:/RUN_ID/path, or a run's info.artifact_uri with '/path' behind it."
    )
