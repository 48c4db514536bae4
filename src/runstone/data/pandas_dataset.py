"""A pandas DataFrame as a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runstone.data.dataset import Dataset
from runstone.data.digest import Digest
from runstone.data.frames import check_column, warn_unseen
from runstone.errors import InvalidParameter
from runstone.types.frames import of_pandas, unmasked

if TYPE_CHECKING:
    import pandas


class PandasDataset(Dataset):
    """A pandas DataFrame, and which of its columns are targets and predictions.

    Args:
        df: the data.
        source: where they came from; see `from_pandas`.
        targets: the column that is to be predicted.
        name: 'dataset' unless given.
        digest: one of your own, instead of one over all the data.
        predictions: the column with a model's predictions.
    """

    def __init__(
        self,
        df: pandas.DataFrame,
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
        profile = {"num_rows": len(df), "num_elements": int(df.size)}
        super().__init__(digest_of(df) if digest is None else digest, source, name, of_pandas(df), profile)


def from_pandas(
    df: pandas.DataFrame,
    source: Any = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PandasDataset:
    """A dataset of a pandas DataFrame.

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
    return PandasDataset(df, source, targets, name, digest, predictions)


def digest_of(df: pandas.DataFrame) -> str:
    """The digest over every value, column name and dtype in their order.

    The index counts where it says something: when it has a name, or is not of integers. Row numbers do not.
    """
    digest = Digest("pandas")
    digest.number(*df.shape)
    index = df.index
    counts = index.nlevels > 1 or index.name is not None or index.dtype.kind not in "iu"
    levels = [index.get_level_values(level) for level in range(index.nlevels)] if counts else []
    digest.number(len(levels))
    for level in levels:
        _take(digest, level.name, level.to_series())
    for position, name in enumerate(df.columns):
        _take(digest, name, df.iloc[:, position])
    warn_unseen(digest)
    return digest.finish()


def _take(digest: Digest, name: Any, series: pandas.Series) -> None:
    import numpy
    import pandas

    dtype = series.dtype
    digest.objects([name])
    digest.text(dtype.name)
    if isinstance(dtype, numpy.dtype):
        digest.array(series.to_numpy())
    elif isinstance(dtype, pandas.CategoricalDtype):
        digest.text(str(dtype.ordered))
        _take(digest, None, dtype.categories.to_series())
        digest.array(series.cat.codes.to_numpy("<i8"))
    elif isinstance(dtype, pandas.DatetimeTZDtype):
        digest.array(series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())
    elif isinstance(dtype, pandas.SparseDtype):
        digest.array(numpy.asarray(series))
    elif dtype.kind in "iufb":  # with a mask: what lies under it does not count
        digest.array(series.isna().to_numpy())
        plain = unmasked(dtype)
        digest.array(series.to_numpy(plain, na_value=plain.type(0)))
    else:
        digest.objects(series.astype(object).tolist())


def _check(df: Any) -> None:
    try:
        import pandas
    except ImportError as error:
        raise ImportError("from_pandas needs pandas: `pip install pandas`.") from error
    if not isinstance(df, pandas.DataFrame):
        hint = " Series.to_frame() makes one." if isinstance(df, pandas.Series) else ""
        raise InvalidParameter(f"from_pandas takes a pandas DataFrame; got a {type(df).__name__}.{hint}")
