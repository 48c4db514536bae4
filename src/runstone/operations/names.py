"""Names for runs that were given none: two words and a number, easy to say and to remember."""

from __future__ import annotations

import os

_MANNERS = (
    "amber", "bold", "brave", "bright", "brisk", "calm", "clear", "clever", "cosy", "crisp", "daring", "deft", "eager", "early",
    "fair", "fleet", "fond", "frank", "gentle", "glad", "golden", "grand", "hardy", "honest", "humble", "ivory", "jolly", "keen",
    "kind", "lively", "loyal", "lucid", "mellow", "merry", "mild", "neat", "nimble", "noble", "patient", "placid", "plucky",
    "proud", "quick", "quiet", "ready", "robust", "rustic", "serene", "sharp", "shy", "silent", "sincere", "smooth", "snug",
    "sober", "solid", "steady", "stout", "sturdy", "subtle", "sunny", "swift", "tidy", "trusty", "vivid", "warm", "wise", "witty",
)  # fmt: skip
_THINGS = (
    "alder", "anchor", "aspen", "badger", "barley", "basalt", "beacon", "birch", "boulder", "bramble", "brook", "cairn", "cedar",
    "clover", "comet", "cove", "crane", "curlew", "dune", "elm", "ember", "falcon", "fern", "fjord", "flint", "fox", "garnet",
    "glacier", "granite", "grove", "harbour", "hare", "hazel", "heron", "ibis", "juniper", "kestrel", "lantern", "larch", "lark",
    "lichen", "linden", "lynx", "maple", "marten", "meadow", "mesa", "moor", "moss", "oak", "obelisk", "osprey", "otter", "pebble",
    "pine", "plover", "quartz", "raven", "reed", "ridge", "rowan", "sable", "slate", "sparrow", "spruce", "stoat", "tarn", "thrush",
    "tundra", "valley", "walrus", "willow", "wren", "yarrow",
)  # fmt: skip


def random_name() -> str:
    """A name such as 'steady-heron-417'."""
    # From the system, not `random`: a training that seeds `random` must get its own numbers, and our names must differ.
    dice = int.from_bytes(os.urandom(8), "little")
    dice, number = divmod(dice, 1000)
    dice, manner = divmod(dice, len(_MANNERS))
    return f"{_MANNERS[manner]}-{_THINGS[dice % len(_THINGS)]}-{number}"
