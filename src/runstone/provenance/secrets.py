"""What must not be told of a command line or an address: values that look like secrets."""

from __future__ import annotations

import re
from collections.abc import Sequence

HIDDEN = "***"

_NAME = re.compile(
    r"(?i)(token$|passw|passphrase|secret|credential|(api|access|private|auth)[_-]?key|authorization|signature)"
)
# ?name=value and &name=value in an address
_IN_QUERY = re.compile(r"(?i)(?P<name>[?&][^=&\s]*(?:token|passw|secret|key|sig|signature|credential)[^=&\s]*=)[^&\s]+")
# user:password@ or token@ in an address; `git@` alone is no secret
_IN_ADDRESS = re.compile(r"(?P<scheme>\b[a-zA-Z][\w+.-]*://)(?:[^/@\s]*:[^/\s]*|(?!git@)[^/@:\s]+)@")
# Keys that say by their look what they are: Hugging Face, OpenAI and kin, GitHub, GitLab, AWS, Slack.
_BY_LOOK = re.compile(r"\b(?:hf_|sk-|gh[opsu]_|github_pat_|glpat-|AKIA|xox[abp]-)[\w-]{12,}")


def without_credentials(text: str) -> str:
    """The text, with credentials in addresses and keys known by their look left out."""
    text = _IN_ADDRESS.sub(rf"\g<scheme>{HIDDEN}@", text)
    return _BY_LOOK.sub(HIDDEN, _IN_QUERY.sub(rf"\g<name>{HIDDEN}", text))


def masked(arguments: Sequence[str]) -> list[str]:
    """Arguments of a command line, with what looks like a secret's value left out."""
    shown, hide = [], False
    for argument in arguments:
        name, separator, _ = argument.partition("=")
        if hide and not argument.startswith("--"):
            shown.append(HIDDEN)
        elif separator and _NAME.search(name):
            shown.append(f"{name}={HIDDEN}")
        else:
            shown.append(without_credentials(argument))
        hide = not separator and argument.startswith("-") and bool(_NAME.search(argument))
    return shown
