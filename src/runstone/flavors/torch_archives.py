"""What is in the archive of an exported graph (`pt2`). Reading one evaluates texts of its description, and loads what else lies there."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from runstone.safety.directories import in_one_place

# What a graph's archive is made of. Its pickles are looked at by the scanner; compiled code, for one, is not among this.
_MEMBERS = re.compile(
    r"[^/]+/(?:\.?data/)?(?:archive_format|archive_version|byteorder|version|serialization_id|\.data/\w+|\.format_version|\.storage_alignment)"
    r"|[^/]+/models/[\w.-]+\.json"
    r"|[^/]+/data/(?:weights|constants)/(?:[\w.-]+_config\.json|weight_\d+|tensor_\d+|[\w-]+\.pt)"
    r"|[^/]+/data/sample_inputs/[\w-]+\.pt"
)
# Expressions over sizes, which are evaluated: names that are numbers or do sums, and no attribute.
_NAMES = (
    "FloorDiv ModularIndexing Where PythonMod Mod CleanDiv CeilToInt FloorToInt CeilDiv LShift RShift PowByNatural FloatPow FloatTrueDiv "
    "Add Mul Pow Rational Equality Unequality LessThan GreaterThan StrictLessThan StrictGreaterThan IntTrueDiv TruncToFloat TruncToInt "
    "RoundToInt RoundDecimal ToFloat Identity Max Min Abs Eq Ne Lt Le Gt Ge And Or Not floor ceiling True False oo int_oo Integer Float and or not sqrt BooleanTrue BooleanFalse max min abs"
)
_SYMBOL = re.compile(r"[suz]\d+|z?[su]?f\d+")
_SYMBOLS = re.compile(
    r"Symbol\('\w{1,20}'(?:, (?:positive|negative|nonnegative|integer|real)=(?:True|False))*\)|Float\('[\d.e+-]{1,40}', precision=\d+\)"
)
_SUM = re.compile(r"[\w\s+\-*/(),.<>=!&|~%]*")
# A guard: sums over sizes of inputs.
_SIZE = re.compile(
    r"L(?:\[(?:\d+|'[\w.]{1,200}'|\"[\w.]{1,200}\")\])+(?:\.(?:size|stride|storage_offset|ndimension|dim)\(\)(?:\[\d+\])?)?"
)
_OPERATORS = re.compile(r"torch\.ops\.(?:aten|prims?)\.\w+\.\w+|_operator\.\w+|math\.\w+|torch\.sym_\w+")
_WRITES = re.compile(r"torch\.ops\.aten\.(?:save|from_file|_?print\w*|warn)\b.*")


def beside_a_graph(path: str) -> str | None:
    """What an archive holds beside a graph of PyTorch's own operators on tensors, as part of a sentence; None: nothing."""
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            if not in_one_place(file):
                return "is an archive in which readers find different members"
            for member in archive.infolist():
                if not _MEMBERS.fullmatch(member.filename):
                    return f"holds {ascii(member.filename)[:100]}, which is no part of a graph"
                if member.filename.endswith(".json"):
                    found = next(_strange(json.loads(archive.read(member))), None)
                    if found is not None:
                        return f"holds {ascii(found)[:100]}, which is more than operators of PyTorch's own"
    except (zipfile.BadZipFile, OSError, ValueError, RecursionError, NotImplementedError, RuntimeError):
        return "is no archive of a graph"
    return None


def _strange(said: Any) -> Iterator[str]:
    """Every text of a graph's description that would be evaluated, or looked up, and is not known to be harmless."""
    if isinstance(said, list):
        for one in said:
            yield from _strange(one)
    elif isinstance(said, dict):
        if "__enum__" in said:
            yield "an enumeration of a module's"
        for key, value in said.items():
            if key == "expr_str" and not _is_sum(_SYMBOLS.sub("1", str(value))):
                yield str(value)
            elif key == "guards_code":
                yield from (str(one) for one in value or () if not _is_sum(_SIZE.sub("1", str(one))))
            elif key == "target" and "inputs" in said and "outputs" in said:
                if not _OPERATORS.fullmatch(str(value)) or _WRITES.fullmatch(str(value)):
                    yield str(value)
            elif key == "use_pickle" and value:
                yield "a pickle for a tensor"
            elif isinstance(value, str) and "__enum__" in value:
                yield "an enumeration of a module's"
            else:
                yield from _strange(value)


def _is_sum(text: str) -> bool:
    if len(text) > 10_000 or not _SUM.fullmatch(text) or "__" in text or re.search(r"\.\s*[A-Za-z_]", text):
        return False
    known = _NAMES.split()
    return all(name in known or _SYMBOL.fullmatch(name) for name in re.findall(r"[A-Za-z_]\w*", text))
