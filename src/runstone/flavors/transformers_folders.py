"""Folders that `save_pretrained` wrote, read again without a hub, and without the code that may lie in them unless somebody vouches for it."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from runstone.errors import InvalidParameter, MissingFile
from runstone.flavors.flavor import Folder

_PICKLES = re.compile(r".*\.(?:bin|pt|pth|pkl|ckpt)")
# Where a part's own class is not transformers', its kind says which of transformers' finds it.
_FINDERS = {
    "tokenizer": "AutoTokenizer", "feature_extractor": "AutoFeatureExtractor", "image_processor": "AutoImageProcessor", "processor": "AutoProcessor",
}  # fmt: skip


def model(folder: Folder, path: str, kind: object, dtype: object) -> Any:
    """The model of a folder. Raises InvalidParameter, Forbidden."""
    import torch
    import transformers

    code = _vouched_code(folder, path)
    found = _class(kind, transformers.PreTrainedModel)
    if found is None:
        found = _by_config(path, code)
    safe = any(name.endswith(".safetensors") for name in os.listdir(path))
    if not safe:
        for name in sorted(os.listdir(path)):
            if _PICKLES.fullmatch(name):
                folder.trust.pickle(os.path.join(path, name))
    name = str(dtype or "").removeprefix("torch.")
    numbers = getattr(torch, name, None) if re.fullmatch(r"b?float\d+", name) else None
    return found.from_pretrained(
        path, dtype=numbers, use_safetensors=safe, trust_remote_code=code, local_files_only=True
    )


def part(folder: Folder, path: str, name: str, kind: object) -> Any:
    """A tokenizer, or what else prepares inputs. Raises InvalidParameter, Forbidden."""
    import transformers
    from transformers.feature_extraction_utils import FeatureExtractionMixin
    from transformers.image_processing_utils import ImageProcessingMixin

    if name not in _FINDERS or not os.path.isdir(path):
        raise InvalidParameter(f"The model's component {name!r:.50} is not there, or none of {', '.join(_FINDERS)}.")
    code = _vouched_code(folder, path)
    kinds = (
        transformers.PreTrainedTokenizerBase,
        FeatureExtractionMixin,
        ImageProcessingMixin,
        transformers.ProcessorMixin,
    )
    found = _class(kind, kinds) or getattr(transformers, _FINDERS[name])
    return found.from_pretrained(path, trust_remote_code=code, local_files_only=True)


def _class(name: object, kinds: Any) -> Any:
    """A class of transformers', by the name that a description has for it; None where it is not there. Raises InvalidParameter."""
    import transformers

    if not isinstance(name, str) or not re.fullmatch(r"[A-Z]\w{0,200}", name):
        raise InvalidParameter(f"The model's class is {name!r:.200}, which is no class of transformers'.")
    found = getattr(transformers, name, None)
    return found if isinstance(found, type) and issubclass(found, kinds) else None


def _by_config(path: str, code: bool) -> Any:
    """Which of transformers' finds a model whose class is not its own: as the folder's config says."""
    import transformers

    said = _config(path).get("auto_map")
    names = [name for name in said if re.fullmatch(r"AutoModel\w*", name)] if isinstance(said, dict) else []
    if not code or not names:
        raise InvalidParameter(
            "The model's class is not in the transformers that is installed here, and its folder does not bring it."
        )
    return getattr(transformers, names[0], transformers.AutoModel)


def _config(path: str) -> dict[str, Any]:
    place = os.path.join(path, "config.json")
    if not os.path.isfile(place):
        raise MissingFile(f"The model has no config.json in {os.path.basename(path)!r}.", place)
    with open(place, encoding="utf-8") as file:
        found = json.load(file)
    return found if isinstance(found, dict) else {}


def own_code(path: str) -> list[str]:
    """The files of a folder that are code, or name some."""
    names = [os.path.relpath(os.path.join(above, name), path) for above, _, files in os.walk(path) for name in files]
    own = [name for name in names if name.endswith((".py", ".so")) or name == "adapter_config.json"]
    own += [name for name in names if name.endswith(".json") and _names_code(os.path.join(path, name))]
    return sorted(own)


def _vouched_code(folder: Folder, path: str) -> bool:
    """Whether a folder brings code, which somebody vouches for; False where it brings none. Raises Forbidden."""
    own = own_code(path)
    if own:
        folder.trust.runs(path, f"{own[0]!r:.100} of its {os.path.basename(path)!r} is code of its own, or names some")
    return bool(own)


def _names_code(path: str) -> bool:
    if os.path.getsize(path) > 64 << 20:
        return True
    with open(path, "rb") as file:
        return b'"auto_map"' in file.read()
