"""A polars DataFrame as a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runstone.data.dataset import Dataset
from runstone.data.digest import Digest
from runstone.data.frames import check_column, warn_unseen
from runstone.errors import InvalidParameter
from runstone.types.frames import of_polars

if TYPE_CHECKING:
    import polars


class PolarsDataset(Dataset):
    """A polars DataFrame, and which of its columns are targets and predictions.

    Args:
        df: the data.
        source: where they came from; see `from_polars`.
        targets: the column that is to be predicted.
        name: 'dataset' unless given.
        digest: one of your own, instead of one over all the data.
        predictions: the column with a model's predictions.
    """

    def __init__(
        self,
        df: polars.DataFrame,
        source: Any = None,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        _check(df)
        check_column(df.columns, "targets", targets)
        check_column(df.columns, "predictions", predictions)
        self.df = df
        self.targets = targets
        self.predictions = predictions
        profile = {"num_rows": df.height, "num_elements": df.height * df.width}
        super().__init__(digest_of(df) if digest is None else digest, source, name, of_polars(df), profile)


def from_polars(
    df: polars.DataFrame,
    source: Any = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PolarsDataset:
    """A dataset of a polars DataFrame.

    Args:
        df: the data.
        source: where they came from: a path, a URI or a DatasetSource; the code that runs unless given.
        targets: the column that is to be predicted.
        name: what to call it; 'dataset' unless given.
        digest: one of your own, at most 36 characters; over all the data unless given.
        predictions: the column with a model's predictions.

    Raises:
        InvalidParameter: `df` is no DataFrame, or has no such column.
    """
    return PolarsDataset(df, source, targets, name, digest, predictions)


def digest_of(df: polars.DataFrame) -> str:
    """The digest over every value, column name and dtype in their order; how the values lie in memory does not count."""
    digest = Digest("polars")
    digest.number(df.height, df.width)
    for series in df.get_columns():
        digest.text(series.name)
        _take(digest, series)
    warn_unseen(digest)
    return digest.finish()


def _take(digest: Digest, series: polars.Series) -> None:
    import polars

    dtype = series.dtype
    digest.text(*_type_words(dtype))
    digest.number(series.len())
    if dtype in (polars.List, polars.Array):
        lists = series.arr.to_list() if dtype == polars.Array else series
        lengths = lists.list.len()
        _take(digest, lengths)
        # an empty list has nothing to give, and would give a null
        _take(digest, lists.filter((lengths > 0).fill_null(False)).explode())
    elif dtype == polars.Struct:
        digest.array(series.is_null().to_numpy())
        for field in series.struct.fields:
            digest.text(field)
            _take(digest, series.struct.field(field))
    elif dtype == polars.Null:
        pass  # its length is all there is
    elif dtype == polars.Boolean or dtype.is_temporal() or (dtype.is_numeric() and _fits(dtype)):
        digest.array(series.is_null().to_numpy())
        numbers = series.to_physical() if dtype.is_temporal() else series
        digest.array(numbers.fill_null(False if dtype == polars.Boolean else 0).to_numpy())
    elif dtype.is_numeric() or dtype in (polars.Categorical, polars.Enum):
        digest.objects(series.cast(polars.String).to_list())
    else:
        digest.objects(series.to_list())


def _type_words(dtype: Any) -> list[str]:
    """The type's name and what it says beside the types within it. polars' own text for a type has changed with its releases."""
    facts = ("time_unit", "time_zone", "precision", "scale", "size")
    words = [type(dtype).__name__, *(str(getattr(dtype, fact, None)) for fact in facts)]
    if words[0] == "Enum":
        words += dtype.categories.to_list()
    return words


def _fits(dtype: Any) -> bool:
    """Whether numpy has this type of numbers."""
    return type(dtype).__name__ not in ("Int128", "UInt128", "Decimal")


def _check(df: Any) -> None:
    try:
        import polars
    except ImportError as error:
        raise ImportError("from_polars needs polars: `pip install polars`.") from error
    if not isinstance(df, polars.DataFrame):
        hint = " Call collect() on it first." if isinstance(df, polars.LazyFrame) else ""
        raise InvalidParameter(f"from_polars takes a polars DataFrame; got a {type(df).__name__}.{hint}")
