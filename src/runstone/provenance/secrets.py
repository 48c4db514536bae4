"""What must not be told of a command line or an address: values that look like secrets."""

from __future__ import annotations

import re
from collections.abc import Sequence

HIDDEN = "***"

# Patterns are compiled when one is needed: a script without arguments needs none, and compiling them takes a millisecond or two.
_NAME = r"(?i)(token$|passw|passphrase|secret|credential|(api|access|private|auth)[_-]?key|authorization|signature)"
# ?name=value and &name=value in an address
_IN_QUERY = r"(?i)(?P<name>[?&][^=&\s]*(?:token|passw|secret|key|sig|signature|credential)[^=&\s]*=)[^&\s]+"
# user:password@ or token@ in an address; `git@` alone is no secret
_IN_ADDRESS = r"(?P<scheme>\b[a-zA-Z][\w+.-]*://)(?:[^/@\s]*:[^/\s]*|(?!git@)[^/@:\s]+)@"
# Keys that say by their look what they are: Hugging Face, OpenAI and kin, GitHub, GitLab, AWS, Slack.
_BY_LOOK = r"\b(?:hf_|sk-|gh[opsu]_|github_pat_|glpat-|AKIA|xox[abp]-)[\w-]{12,}"
_LOOKS = ("hf_", "sk-", "gh", "glpat-", "AKIA", "xox")


def without_credentials(text: str) -> str:
    """The text, with credentials in addresses and keys known by their look left out."""
    if "://" in text and "@" in text:
        text = re.sub(_IN_ADDRESS, rf"\g<scheme>{HIDDEN}@", text)
    if "=" in text and ("?" in text or "&" in text):
        text = re.sub(_IN_QUERY, rf"\g<name>{HIDDEN}", text)
    if any(look in text for look in _LOOKS):
        text = re.sub(_BY_LOOK, HIDDEN, text)
    return text


def masked(arguments: Sequence[str]) -> list[str]:
    """Arguments of a command line, with what looks like a secret's value left out."""
    shown, hide = [], False
    for argument in arguments:
        name, separator, _ = argument.partition("=")
        if hide and not argument.startswith("--"):
            shown.append(HIDDEN)
        elif separator and re.search(_NAME, name):
            shown.append(f"{name}={HIDDEN}")
        else:
            shown.append(without_credentials(argument))
        hide = not separator and argument.startswith("-") and bool(re.search(_NAME, argument))
    return shown
