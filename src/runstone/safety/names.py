"""What the name of an import means: data, somebody's own code, or something that runs whatever it is told. Imports nothing.

A list of what is harmless decides; a list of what is dangerous only finds clearer words. A name is harmless if nothing that it is
called with, from within a pickle, makes it run anything: so no function that imports, evaluates, opens or gets attributes by name, and
no class whose state does (scipy.stats' distributions evaluate theirs, statsmodels' models a formula, scikit-learn's scorers call a method by
a name they carry). What can be called has it hardest: a state with an attribute of the name `__setstate__` is enough to call it. So none
is harmless that calls a method of what it is given: a scorer, given a stacking of an array, has it write a file (`tofile`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HARMLESS, UNKNOWN, DANGEROUS = "harmless", "unknown", "dangerous"
_ORDER = (HARMLESS, UNKNOWN, DANGEROUS)

_EXACT = {
    f"{module}.{name}"
    for module, names in {
        "builtins": "bool bytearray bytes complex dict float frozenset int list object range set slice str tuple",
        "__builtin__": "set frozenset object bytearray",
        "copyreg": "_reconstructor __newobj__ __newobj_ex__",
        "copy_reg": "_reconstructor",
        "_codecs": "encode",
        "collections": "OrderedDict Counter defaultdict deque",
        "datetime": "date datetime time timedelta timezone",
        "zoneinfo": "ZoneInfo ZoneInfo._unpickle",
        "decimal": "Decimal",
        "fractions": "Fraction",
        "uuid": "UUID SafeUUID",
        "array": "array _array_reconstructor",
        "functools": "partial",
        "pathlib": "PosixPath PurePosixPath WindowsPath PureWindowsPath Path",
        "pathlib._local": "PosixPath PurePosixPath WindowsPath PureWindowsPath Path",
        "numpy": (
            "bool bool_ bytes_ complex64 complex128 datetime64 dtype float16 float32 float64 int8 int16 int32 int64 intc intp longlong "
            "matrix ndarray object_ str_ timedelta64 uint8 uint16 uint32 uint64 ulonglong void abs absolute cos exp exp2 expm1 log log10 "
            "log1p log2 negative reciprocal sign sin sqrt square tanh mean median min max sum std var"
        ),
        "numpy.matrixlib.defmatrix": "matrix",
        "numpy.random.mtrand": "RandomState",
        "numpy.random._generator": "Generator",
        "numpy.random._mt19937": "MT19937",
        "numpy.random": "MT19937 PCG64 PCG64DXSM Philox SFC64",
        "numpy.random._pcg64": "PCG64 PCG64DXSM",
        "numpy.random._philox": "Philox",
        "numpy.random._sfc64": "SFC64",
        "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
        "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
        "joblib.numpy_pickle": "NumpyArrayWrapper",
        "sklearn.externals.joblib.numpy_pickle": "NumpyArrayWrapper",
        "scipy.spatial._ckdtree": "cKDTree",
        "scipy.interpolate._interpolate": "interp1d",
        "scipy.interpolate._bsplines": "BSpline",
        "pandas": (
            "DataFrame Series Index RangeIndex MultiIndex DatetimeIndex TimedeltaIndex PeriodIndex IntervalIndex CategoricalIndex Timestamp "
            "Timedelta Period Interval Categorical"
        ),
        "pandas._libs.internals": "_unpickle_block BlockPlacement BlockValuesRefs",
        "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
        "pandas._libs.missing": "NAType NA",
        "pandas._libs.tslibs.nattype": "_nat_unpickle __nat_unpickle",
        "pandas._libs.tslibs.timestamps": "_unpickle_timestamp",
        "pandas._libs.tslibs.timedeltas": "_timedelta_unpickle",
        "pandas.core.frame": "DataFrame",
        "pandas.core.series": "Series",
        "pandas.core.indexes.base": "Index _new_Index",
        "pandas.core.indexes.datetimes": "DatetimeIndex _new_DatetimeIndex",
        "pandas.core.indexes.period": "PeriodIndex _new_PeriodIndex",
        "pyarrow.lib": "_restore_array py_buffer type_for_alias",
        "scipy._lib.array_api_compat.numpy._aliases": "asarray",
        "sklearn.cluster._kmeans": "_kmeans_single_lloyd _kmeans_single_elkan",
        "sklearn.feature_selection._univariate_selection": "f_classif f_regression f_oneway chi2 r_regression",
        "sklearn.feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
        "sklearn.metrics._dist_metrics": "newObj",
        "sklearn.neighbors._dist_metrics": "newObj",
        "sklearn.neighbors._kd_tree": "newObj",
        "sklearn.neighbors._ball_tree": "newObj",
        "sklearn.utils._bunch": "Bunch",
        "sklearn.utils": "Bunch",
        "xgboost.core": "Booster",
        "lightgbm.basic": "Booster",
        "lightgbm.compat": "LGBMNotFittedError",
        "catboost.core": "CatBoost CatBoostClassifier CatBoostRegressor CatBoostRanker",
        "torch": (
            "Size device dtype layout strided Tensor float float16 float32 float64 double half bfloat16 int8 int16 int32 int64 uint8 bool "
            "complex64 complex128 float8_e4m3fn float8_e5m2 BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage "
            "ComplexFloatStorage DoubleStorage FloatStorage HalfStorage IntStorage LongStorage ShortStorage qint8 quint8 qint32 QInt8Storage "
            "QUInt8Storage QInt32Storage per_tensor_affine per_channel_affine per_tensor_symmetric per_channel_symmetric"
        ),
        "torch._utils": (
            "_rebuild_parameter _rebuild_parameter_with_state _rebuild_tensor _rebuild_tensor_v2 _rebuild_sparse_tensor _rebuild_qtensor "
            "_rebuild_meta_tensor_no_storage"
        ),
        "torch.nn.functional": (
            "relu relu6 gelu silu mish elu selu celu glu leaky_relu tanh sigmoid logsigmoid hardswish hardsigmoid hardtanh softplus softsign "
            "softmax log_softmax tanhshrink normalize cosine_similarity cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss huber_loss "
            "binary_cross_entropy binary_cross_entropy_with_logits"
        ),
        "torch._C._nn": "gelu silu mish elu leaky_relu hardswish hardsigmoid hardtanh softplus relu6 glu log_sigmoid",
        "torch.nn.parallel.data_parallel": "DataParallel",
        "torch.optim.swa_utils": "AveragedModel",
        "lightning.fabric.utilities.data": "AttributeDict",
        "lightning_fabric.utilities.data": "AttributeDict",
        "torch.storage": "UntypedStorage TypedStorage",
        "torch.nn.parameter": "Parameter Buffer UninitializedParameter",
    }.items()
    for name in names.split()
}  # fmt: skip

_CLASS = r"_{0,2}[A-Z]\w*"
_SKLEARN = (
    "calibration cluster compose covariance cross_decomposition decomposition discriminant_analysis dummy ensemble feature_extraction "
    "feature_selection frozen gaussian_process impute isotonic kernel_approximation kernel_ridge linear_model manifold mixture "
    "model_selection multiclass multioutput naive_bayes neighbors neural_network pipeline preprocessing random_projection semi_supervised "
    "svm tree _loss _isotonic"
)
# Where everything that is named as classes are is a class of values, and nothing else is allowed.
_PATTERNS = re.compile(
    "|".join(
        (
            rf"sklearn\.(?:{'|'.join(_SKLEARN.split())})(?:\.\w+)*\.(?:{_CLASS}|__pyx_unpickle_{_CLASS})",
            rf"sklearn\.(?:metrics\._dist_metrics|utils\._random|utils\._weight_vector|utils\._tags)\.(?:{_CLASS}|__pyx_unpickle_{_CLASS})",
            r"sklearn\.metrics\._(?:classification|regression|ranking)\.[a-z]\w*_(?:score|error|loss)",
            r"scipy\.sparse(?:\._?(?:csr|csc|coo|bsr|dia|dok|lil))?\.(?:csr|csc|coo|bsr|dia|dok|lil)_(?:matrix|array)",
            r"numpy\.(?:_core|core)\.(?:multiarray\.(?:_reconstruct|scalar)|numeric\._frombuffer)",
            r"numpy\.ma(?:\.core)?\.(?:_mareconstruct|MaskedArray|MaskedConstant)",
            r"numpy\.dtypes\.\w+DType",
            rf"pandas\.core\.(?:indexes|arrays|internals)(?:\.\w+)*\.{_CLASS}",
            r"pandas\.(?:arrays\.\w+Array|\w+Dtype|core\.indexes\.\w+\._new_\w+Index)",
            rf"pandas\.core\.(?:dtypes\.dtypes|flags)\.{_CLASS}",
            rf"pandas\._libs\.(?:tslibs\.offsets|tslibs\.period|internals)\.{_CLASS}",
            r"xgboost\.sklearn\.XGB\w+",
            r"lightgbm\.sklearn\.LGBM\w+",
            rf"torch\.nn\.modules\.\w+\.{_CLASS}",
            rf"torch\.ao\.nn\.quantized\.(?:dynamic\.)?modules(?:\.\w+)?\.{_CLASS}",
        )
    )
)

# What no honest pickle names there: what these modules only import (pickles name a class by the module that makes it), or hold while they
# fit. Of those that run what they hold: joblib's, scorers, callbacks, accessors; what makes classes; what typing makes of texts.
_ELSEWHERE = re.compile(
    r"Parallel|Memory|Path|Lock|Thread\w*|\w*Pool|\w*Scorer|\w*Callback\w*|\w*Accessor|\w*Methods|\w*Delegate|Template|NamedTuple"
    r"|\w*Meta|CategoricalDtypeType|TypeVar\w*|ParamSpec|Callable"
    r"|ABC\w*|Any|Literal|Self|Union|Optional|ClassVar|NoReturn|TypeAlias|Supports\w+|Generic|Protocol"
)
_SCORERS = re.compile(r"sklearn\.metrics\._scorer\._(?:Predict|Proba|Threshold|Multimetric|Passthrough)?Scorer")

# Whatever else is in these modules runs something, or gets at what does.
_RUNNING = frozenset(
    [
        "os",
        "posix",
        "nt",
        "posixpath",
        "ntpath",
        "subprocess",
        "sys",
        "importlib",
        "imp",
        "ctypes",
        "_ctypes",
        "cffi",
        "pty",
        "tty",
        "socket",
        "_socket",
        "socketserver",
        "runpy",
        "_posixsubprocess",
        "pip",
        "pkgutil",
        "code",
        "codeop",
        "pdb",
        "bdb",
        "timeit",
        "cProfile",
        "profile",
        "trace",
        "shutil",
        "webbrowser",
        "multiprocessing",
        "threading",
        "_thread",
        "concurrent",
        "asyncio",
        "signal",
        "pickle",
        "_pickle",
        "cPickle",
        "dill",
        "marshal",
        "types",
        "inspect",
        "http",
        "httplib",
        "urllib",
        "urllib2",
        "requests",
        "aiohttp",
        "httpx",
        "ftplib",
        "smtplib",
        "telnetlib",
        "xmlrpc",
        "ssl",
        "tempfile",
        "zipimport",
        "zipfile",
        "tarfile",
        "site",
        "ensurepip",
        "venv",
        "idlelib",
        "lib2to3",
        "distutils",
        "setuptools",
        "commands",
        "popen2",
        "antigravity",
        "gc",
        "ast",
        "dis",
        "operator",
        "_operator",
        "io",
        "_io",
        "shelve",
        "dbm",
        "sqlite3",
        "mmap",
        "resource",
        "fcntl",
        "atexit",
        "builtins",
        "__builtin__",
        "test",
        "doctest",
        "unittest",
        "pydoc",
        "platform",
        "logging",
        "linecache",
        "nntplib",
        "poplib",
        "imaplib",
        "cgi",
        "wsgiref",
        "faulthandler",
        "readline",
        "rlcompleter",
    ]
)
# What a class of somebody's own is put together with: each makes a class, a part of one or an error, and runs nothing that it is told.
_MAKING = re.compile(
    r"builtins\.(?:type|property|staticmethod|classmethod|BaseException|StopIteration|\w+Error|\w*Exception|\w*Warning)"
)
_RUNNING_NAMES = re.compile(
    r"numpy\.(?:load|save|savez|fromfile|loadtxt|genfromtxt|memmap|DataSource|f2py|distutils|testing)\b.*"
    r"|numpy\.(?:_core|core)\._ufunc_reconstruct|numpy\.ctypeslib.*"
    r"|pandas\.(?:eval|read_\w+|io\..*|core\.computation\..*)"
    r"|joblib\.(?:load|.*\.load)|(?:joblib\.)?(?:externals\.)?cloudpickle\.(?:.*\.)?loads?"
    r"|torch\.(?:load|hub|serialization|jit|ops|package|utils\.cpp_extension|_dynamo|_inductor|fx|distributed|multiprocessing)\b.*"
    r"|torch\.storage\._load_from_bytes|scipy\.stats\..*|functools\.(?:reduce|cached_property)"
)


def verdict(module: str, name: str) -> str:
    """What importing this means: harmless, unknown or dangerous."""
    full = f"{module}.{name}"
    if full in _EXACT:
        return HARMLESS
    if _PATTERNS.fullmatch(full):
        return UNKNOWN if "." in name or _ELSEWHERE.fullmatch(name) else HARMLESS
    if _MAKING.fullmatch(full):
        return UNKNOWN
    if module.partition(".")[0] in _RUNNING or _RUNNING_NAMES.fullmatch(full) or "__" in name.partition(".")[2]:
        return DANGEROUS
    return UNKNOWN


def unknown_types(names: Iterable[str]) -> list[str]:
    """Of the types ("module.Name") that a file of skops names, those that are not known to be harmless there.

    A scorer is, unless something in the file can call it: skops calls what it makes with one text only (as keys of mappings), and a
    scorer takes three things. In a pickle it is not, which calls with as much as it likes.
    """
    asked = list(names)
    callers = "functools.partial" in asked
    parted = [(name, name.rpartition(".")) for name in asked]
    return [
        name
        for name, (module, _, kind) in parted
        if verdict(module, kind) != HARMLESS and (callers or not _SCORERS.fullmatch(name))
    ]


def rank(verdict: str) -> int:
    """How bad a verdict is; harmless is 0."""
    return _ORDER.index(verdict)


def worst(verdicts: list[str]) -> str:
    """The worst of them; harmless where there is none."""
    return max(verdicts, key=_ORDER.index, default=HARMLESS)
