"""How the texts of environment variables become values: each function takes one kind, and raises ValueError, saying what to write, for what is none."""

from __future__ import annotations


def boolean(text: str) -> bool:
    """Yes or no."""
    word = text.strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ValueError("write 1 or 0, true or false, yes or no, on or off")


def size(text: str) -> int:
    """A number of bytes, or of other things."""
    number = int(text)
    if number < 0:
        raise ValueError("write a number of bytes, 0 or more")
    return number


def seconds(text: str) -> float:
    """Seconds, from 0 on."""
    number = float(text)
    if not 0 <= number < 1e9:
        raise ValueError("write a number of seconds, 0 or more")
    return number


def interval(text: str) -> float:
    """Seconds above 0."""
    number = float(text)
    if not 0 < number < 1e6:
        raise ValueError("write a number of seconds above 0")
    return number


def samples(text: str) -> int:
    """A whole number from 1 on."""
    number = int(text)
    if not 1 <= number <= 1_000_000:
        raise ValueError("write a whole number, 1 or more")
    return number


def count(text: str) -> int:
    """A whole number up to 100."""
    number = int(text)
    if not 0 <= number <= 100:
        raise ValueError("write a number from 0 to 100")
    return number


def offline(text: str) -> str:
    """What a run does without its server."""
    if text not in ("auto", "never"):
        raise ValueError("write auto or never")
    return text


def caching(text: str) -> str:
    """Whose files are kept."""
    if text not in ("servers", "always", "never"):
        raise ValueError("write servers, always or never")
    return text


def linking(text: str) -> str:
    """Where a download is a link."""
    if text not in ("temporary", "always", "never"):
        raise ValueError("write temporary, always or never")
    return text


def schemes(text: str) -> str:
    """What addresses may begin with; the better one first."""
    schemes = [scheme.strip().lower() for scheme in text.split(",") if scheme.strip()]
    if not schemes or not {"http", "https"}.issuperset(schemes):
        raise ValueError("write https, or http,https")
    return ",".join(sorted(set(schemes), reverse=True))


def pickles(text: str) -> str | None:
    """What is done about pickles; None is as if nothing was said."""
    if text in ("allow", "warn", "refuse"):
        return text
    if text.strip().lower() in ("0", "false", "no", "off"):  # as MLflow's variable has it
        return "refuse"
    if text.strip().lower() in ("1", "true", "yes", "on"):
        return None
    raise ValueError("write allow, warn or refuse")


def optional(text: str) -> str | None:
    """Any text."""
    return text
