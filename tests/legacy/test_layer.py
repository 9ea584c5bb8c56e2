"""Names that NumPy, scikit-learn and pandas removed: supplied with the alias, told of once, and off when asked."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("numpy")
pytest.importorskip("sklearn")
Python = Callable[..., subprocess.CompletedProcess[str]]


def test_the_alias_loads_no_library_and_old_numpy_names_work(python: Python) -> None:
    done = python(
        """
        import sys
        import jupyter_mldeploy.azureml
        assert not {"numpy", "sklearn", "pandas"} & set(sys.modules)
        import numpy as np
        assert np.float is float and np.int is int and np.object is object and np.str is str
        assert np.float_ is np.float64 and np.asscalar(np.array([2])) == 2 and np.isnan(np.NaN) and np.Inf == np.inf
        assert np.in1d([[1, 2], [3, 4]], [1, 4]).tolist() == [True, False, False, True]
        assert np.find_common_type([np.float32], [np.int64]) == np.float32 and np.alen([1, 2]) == 2
        assert np.product([2, 3]) == 6 and np.cumproduct([2, 3]).tolist() == [2, 6] and np.trapz([1, 1]) == 1
        assert np.row_stack([[1], [2]]).shape == (2, 1) and np.msort(np.array([2, 1])).tolist() == [1, 2]
        from numpy import unicode_, infty
        print(np.cast["f"]([1]).dtype)
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "float32\n"
    assert done.stderr.count("no longer has") == 1 and "np.float" in done.stderr and "np.int" in done.stderr


EVERY_NAME = """
    import numpy as np, warnings
    warnings.simplefilter("error", FutureWarning)
    before = {**vars(np), **{name: getattr(np, name) for name in dir(np)}}
    import jupyter_mldeploy.azureml
    from jupyter_mldeploy.server.legacy import numpy_names
    for name, value in before.items():
        assert getattr(np, name) is value or name == "__getattr__", name
    assert not set(vars(np)) - set(before)
    missing = [name for name in numpy_names.names("numpy") if name not in before]
    for name in missing:
        assert hasattr(np, name), name
    try:
        np.no_such_name
    except AttributeError as error:
        print(np.__version__, len(missing) > 10, error)
    """


def test_every_name_of_the_table_can_be_had_and_none_that_exists_is_touched(python: Python) -> None:
    done = python(EVERY_NAME)
    assert done.stdout.startswith("2.") and "True module 'numpy' has no attribute 'no_such_name'" in done.stdout, done


def test_and_so_with_the_last_numpy_1(python: Python, numpy_1: Path) -> None:
    done = python(EVERY_NAME, PYTHONPATH=str(numpy_1))
    assert done.stdout.startswith("1.26.4 True") and "no_such_name" in done.stdout, done


def test_old_modules_of_scikit_learn_are_where_they_were(python: Python) -> None:
    done = python(
        """
        import jupyter_mldeploy.azureml
        import joblib as real
        from sklearn.externals import joblib
        import sklearn.externals.joblib, sklearn.linear_model, sklearn.linear_model.logistic as logistic
        assert joblib is real is sklearn.externals.joblib and real.__spec__.name == "joblib"
        assert logistic.LogisticRegression is sklearn.linear_model.LogisticRegression
        from sklearn.cross_validation import KFold, cross_val_score, train_test_split
        from sklearn.ensemble.forest import RandomForestClassifier
        from sklearn.ensemble.gradient_boosting import GradientBoostingClassifier
        from sklearn.grid_search import GridSearchCV
        from sklearn.metrics.scorer import make_scorer
        from sklearn.neighbors.base import KNeighborsMixin
        from sklearn.preprocessing.data import StandardScaler
        from sklearn.svm.classes import SVC
        from sklearn.tree.tree import DecisionTreeClassifier
        from sklearn.utils.testing import assert_array_equal
        from sklearn.metrics import jaccard_similarity_score
        from sklearn.feature_extraction.text import CountVectorizer
        assert jaccard_similarity_score([1, 0], [1, 1]) == 0.5
        assert CountVectorizer().fit(["some words"]).get_feature_names() == ["some", "words"]
        assert [len(test) for _, test in KFold(9, n_folds=3)] == [3, 3, 3]
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("no longer has") == 1 and "sklearn.externals.joblib" in done.stderr


def test_an_imputer_fills_gaps_and_its_pickle_names_the_old_place(python: Python) -> None:
    code = """
        import jupyter_mldeploy.azureml, pickle
        {0}
        """
    made = python(
        code.format(
            "import numpy as np; from sklearn.base import clone; from sklearn.preprocessing import Imputer; "
            "i = clone(Imputer(strategy='median')).fit([[1.0], [3.0], [np.nan]]); "
            "open('i.pkl', 'wb').write(pickle.dumps(i, 0))"
        )
    )
    assert made.returncode == 0, made.stderr
    read = python(
        code.format(
            "data = open('i.pkl', 'rb').read(); assert b'sklearn.preprocessing.imputation' in data; "
            "print(pickle.loads(data).transform([[float('nan')]]).tolist())"
        )
    )
    assert read.stdout == "[[2.0]]\n", read.stderr


def test_what_cannot_be_supplied_is_explained(python: Python) -> None:
    done = python(
        """
        import jupyter_mldeploy.azureml
        for name in ("load_boston", "fetch_mldata"):
            try:
                exec(f"from sklearn.datasets import {name}")
            except ImportError as error:
                print(error)
        """
    )
    assert "ethical problem" in done.stdout and "load_diabetes" in done.stdout, done.stderr
    assert "fetch_openml" in done.stdout


def test_removed_methods_of_pandas_work_and_columns_of_their_names_too(python: Python) -> None:
    pytest.importorskip("pandas")
    done = python(
        """
        import jupyter_mldeploy.azureml
        import pandas as pd
        frame = pd.DataFrame({"a": [1, 2], "b": [3.0, 4.0]})
        assert len(frame.append({"a": 5, "b": 6}, ignore_index=True)) == 3 == len(frame.append(frame[:1]))
        assert [name for name, _ in frame.iteritems()] == ["a", "b"] and len(frame.a.append(frame.b)) == 4
        assert frame.as_matrix().tolist() == [[1, 3], [2, 4]]
        assert pd.DataFrame({"append": [7], "mad": [8]}).append.tolist() == [7]
        from pandas.io.json import json_normalize
        from pandas.util.testing import assert_frame_equal
        assert json_normalize({"a": {"b": 1}}).columns.tolist() == ["a.b"]
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("no longer has") == 1


def test_legacy_false_turns_it_off_here_and_in_child_processes(python: Python) -> None:
    done = python(
        """
        import subprocess, sys
        import jupyter_mldeploy.azureml
        import azureml
        import numpy as np, sklearn.linear_model
        assert np.float is float
        import sklearn.linear_model.logistic
        azureml.legacy(False)
        assert not hasattr(np, "float")
        child = "import azureml, numpy; print(hasattr(numpy, 'float'))"
        print(subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout)
        try:
            import sklearn.linear_model.logistic
        except ImportError:
            print("gone", sklearn.linear_model._logistic.__name__)
        azureml.legacy()
        print(np.float)
        """
    )
    assert done.stdout.split() == ["False", "gone", "sklearn.linear_model._logistic", "<class", "'float'>"], done.stderr


def test_without_the_alias_nothing_is_supplied(python: Python) -> None:
    done = python("import jupyter_mldeploy, numpy as np; print(hasattr(np, 'float'))")
    assert done.stdout == "False\n", done.stderr
