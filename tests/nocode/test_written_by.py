"""Reading from a model file which scikit-learn wrote it, without loading it."""

from __future__ import annotations

import pickle
import zlib
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jupyter_mldeploy.nocode.written_by import Writer, writer

X, Y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
FITTED = make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(X, Y)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_protocol_tells_its_version(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(FITTED, protocol))
    assert writer(path).version == sklearn.__version__


@pytest.mark.parametrize("compress", [0, 3, ("zlib", 9), ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
def test_every_compression_of_joblib_does(compress: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.joblib"
    joblib.dump(FITTED, path, compress=compress)
    assert writer(path).version == sklearn.__version__


def test_a_big_model_is_read_in_pieces(tmp_path: Path) -> None:
    big = KNeighborsClassifier().fit(np.random.default_rng(0).random((200_000, 4)), np.arange(200_000) % 2)
    path = tmp_path / "model.pkl"
    joblib.dump(big, path)
    assert path.stat().st_size > 4_000_000
    assert writer(path).version == sklearn.__version__


def test_a_folder_and_names_of_columns_are_noticed(tmp_path: Path) -> None:
    joblib.dump(Ridge().fit(pd.DataFrame(X, columns=["a", "b"]), Y), tmp_path / "model.pkl")
    (tmp_path / "MLmodel").write_text("flavors: {}")
    found = writer(tmp_path)
    assert (found.version, found.names) == (sklearn.__version__, True)
    assert not writer_of(FITTED, tmp_path).names


def writer_of(model: Any, folder: Path) -> Writer:
    joblib.dump(model, folder / "model.pkl")
    return writer(folder / "model.pkl")


def test_a_file_without_an_estimator_tells_nothing(tmp_path: Path) -> None:
    assert writer_of({"a": 1}, tmp_path).version == ""
    assert writer(tmp_path / "missing") == Writer()


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x78\x9c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"]))
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, noise: bytes, head: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.pkl"
    path.write_bytes(head + noise)
    writer(path)


def test_a_file_that_was_cut_off_tells_what_it_still_holds(tmp_path: Path) -> None:
    packed = zlib.compress(pickle.dumps([FITTED, np.random.default_rng(0).bytes(50_000)]))
    (tmp_path / "cut.joblib").write_bytes(packed[:-1000])
    assert writer(tmp_path / "cut.joblib").version == sklearn.__version__


@pytest.mark.parametrize(("version", "python"), [("0.19.1", "3.8"), ("0.24.2", "3.9"), ("99.0", ""), ("nonsense", "")])
def test_an_old_version_asks_for_a_python_that_it_has_wheels_for(version: str, python: str) -> None:
    assert Writer.python(version) == python
