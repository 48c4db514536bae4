"""Whether two servers' answers are the same to a client: status, content type, code, JSON, and the part of a message that clients match on.

What is compared of a message is its opening, where MLflow's has one of the stable ones below; the rest is prose, ours with a way out.
"""

from __future__ import annotations

import re
from typing import Any

# Fields of MLflow's answers that belong to parts that are not here (differences.md, "Not here").
ABSENT = {"workspace"}

SENTENCES = re.compile(
    r"Missing value for required parameter '[^']+'"
    r"|Invalid value .+? for parameter '[^']+' supplied"
    r"|'[\w\[\]. ]+' exceeds the maximum length of \d+ characters"
    r"|No Experiment with id=\S+ exists|Could not find experiment with name '.*'|Experiment\(name=.*\) already exists"
    r"|Invalid experiment ID"
    r"|Run with id=\S+ not found|The (?:run|experiment) \S+ must be in the 'active' state"
    r"|No tag with name: .+? in (?:run|experiment) with id \S+"
    r"|Changing param values is not allowed|Duplicate parameter keys have been submitted"
    r"|A batch logging request can contain at most \d+ [\w, ]+?\."
    r"|Registered Model with name=.+? not found|Registered Model \(name=.+?\) already exists"
    r"|Model Version \(name=.+?, version=\S+?\) not found|Registered model alias \S+ not found"
    r"|Logged model with ID '.+?' not found",
    re.DOTALL,
)


def same(theirs: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Whether a client that knows MLflow's answer cannot tell ours from it."""
    if is_accident(theirs):
        return is_refusal(ours)
    if is_page(theirs):
        return is_refusal(ours) and ours["status"] == (404 if theirs["status"] == 405 else theirs["status"])
    if "code" in theirs:
        kind = ("status", "type", "code")
        return [ours.get(field) for field in kind] == [theirs[field] for field in kind] and _says(theirs, ours)
    return without(theirs) == without(ours)


def alike(theirs: dict[str, Any], ours: dict[str, Any], mistyped: bool) -> bool:
    """The same, for a request that was made; of what it was answered with, only the fields, for the requests before it may have come out otherwise.

    Of a mistyped request MLflow may take what it understands, where ours names the field; what no id or name can be is not found there.
    """
    refused = (ours["status"], ours.get("code")) == (400, "INVALID_PARAMETER_VALUE")
    if refused and ((mistyped and theirs["status"] in (200, 400)) or _is_of_nothing(theirs, ours) or _is_known(ours)):
        return True
    if is_accident(theirs) and ours["status"] == 200:
        return True  # of a null, which is as good as absent
    if refused and theirs["status"] == 400 and (field := _field(theirs)) is not None and field == _field(ours):
        return True
    if "body" in theirs and "body" in ours:
        return bool(theirs["status"] == ours["status"] and theirs["body"].keys() == ours["body"].keys())
    return same(theirs, ours) or str(theirs.get("message")).startswith("Invalid model version source")


def _is_known(ours: dict[str, Any]) -> bool:
    """Refused for what differences.md calls "paths" and "long names"."""
    too_long = (
        r"'(name|model_type|model_id|run_id|run_link|source_run_id)' exceeds the maximum length of (256|500|2048) "
    )
    return ours["message"].startswith("Invalid artifact path") or re.match(too_long, ours["message"]) is not None


def _field(outcome: dict[str, Any]) -> str | None:
    found = re.search(r"parameter '(?:[\w\[\]]+\.)*(\w+)'", outcome.get("message", ""))
    return found[1] if found else None


def _is_of_nothing(theirs: dict[str, Any], ours: dict[str, Any]) -> bool:
    return theirs["status"] == 404 and bool(re.search("'(run_id|name)'", ours["message"]))


def _says(theirs: dict[str, Any], ours: dict[str, Any]) -> bool:
    opening = SENTENCES.match(theirs["message"])
    if opening is None:
        return True
    text = (
        re.sub(r"parameter '[\w\[\].]+\.(\w+)'", r"parameter '\1'", ours["message"])
        if "[" not in opening[0]
        else ours["message"]
    )
    return _brief(text).startswith(_brief(opening[0]).rstrip("."))


def _brief(text: str) -> str:
    """A sentence with the forms that mean the same made one: an empty value is a missing one; a long value is not said in full."""
    text = text.replace('Invalid value "" for parameter', "Missing value for required parameter").replace(
        "' supplied", "'"
    )
    text = re.sub(
        r'Invalid value "(-?\d+)"', r"Invalid value \1", text
    )  # out of a query, where MLflow knows texts only
    return re.sub(r"(Invalid value) .{100,}? (for parameter)", r"\1 ... \2", text, flags=re.DOTALL)


def is_accident(outcome: dict[str, Any]) -> bool:
    """An error of MLflow's insides that a wrong request ran into: differences.md, "Errors". Ours must refuse the request in words."""
    inside = "[SQL:" in str(outcome.get("message")) and "already exists" not in outcome["message"]
    return (outcome["status"] >= 500 and outcome.get("code") in (None, "INTERNAL_ERROR")) or inside


def is_refusal(outcome: dict[str, Any]) -> bool:
    """An answer that says in MLflow's shape what is wrong with the request."""
    return 400 <= outcome["status"] < 500 and outcome.get("code") not in (None, "INTERNAL_ERROR")


def is_page(outcome: dict[str, Any]) -> bool:
    """An error that is not in MLflow's own shape but its web framework's: a page, or `detail`. Ours always is."""
    return outcome["status"] >= 400 and "code" not in outcome


def without(value: Any) -> Any:
    """A value without what belongs to absent parts, without the digests of files, which are ours, and without what is as good as absent."""
    if isinstance(value, dict):
        left_out = ABSENT | ({"digest"} if "is_dir" in value else set())
        return {
            key: without(item)
            for key, item in value.items()
            if key not in left_out
            and item is not None
            and (key, item) not in [("outputs", {}), ("description", ""), ("file_size", 0)]
        }
    return [without(item) for item in value] if isinstance(value, list) else value


def apart(theirs: Any, ours: Any, place: str = "") -> list[str]:
    """Where two outcomes are not the same, some lines each."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return [
            line
            for key in {**theirs, **ours}
            if key not in ABSENT
            for line in apart(theirs.get(key, "(none)"), ours.get(key, "(none)"), f"{place}.{key}")
        ]
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [
            line for at, pair in enumerate(zip(theirs, ours, strict=True)) for line in apart(*pair, f"{place}[{at}]")
        ]
    if theirs == ours:
        return []
    return [f"    {place}", f"      mlflow:   {str(theirs)[:300]}", f"      runstone: {str(ours)[:300]}"]
