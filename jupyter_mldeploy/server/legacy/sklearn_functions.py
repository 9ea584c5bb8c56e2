"""Functions that scikit-learn has removed, by those that it has today."""

from importlib import import_module
from typing import Any


def jaccard_similarity_score(y_true: Any, y_pred: Any, normalize: bool = True, sample_weight: Any = None) -> Any:
    """What it computed: the accuracy for one label a sample, the mean Jaccard index for several."""
    metrics, np = import_module("sklearn.metrics"), import_module("numpy")
    if np.ndim(y_true) < 2:
        return metrics.accuracy_score(y_true, y_pred, normalize=normalize, sample_weight=sample_weight)
    mean = metrics.jaccard_score(y_true, y_pred, average="samples", sample_weight=sample_weight, zero_division=1.0)
    return mean if normalize else mean * (len(y_true) if sample_weight is None else np.sum(sample_weight))


def plot_confusion_matrix(estimator: Any, X: Any, y_true: Any, **options: Any) -> Any:
    """Draw the confusion matrix of an estimator."""
    return import_module("sklearn.metrics").ConfusionMatrixDisplay.from_estimator(estimator, X, y_true, **options)


def plot_roc_curve(estimator: Any, X: Any, y: Any, **options: Any) -> Any:
    """Draw the ROC curve of an estimator."""
    return import_module("sklearn.metrics").RocCurveDisplay.from_estimator(estimator, X, y, **options)


def plot_precision_recall_curve(estimator: Any, X: Any, y: Any, **options: Any) -> Any:
    """Draw the precision and recall of an estimator."""
    return import_module("sklearn.metrics").PrecisionRecallDisplay.from_estimator(estimator, X, y, **options)


def randomized_pca(n_components: Any = None, **options: Any) -> Any:
    """A PCA by the randomised method."""
    return import_module("sklearn.decomposition").PCA(n_components, svd_solver="randomized", **options)


def linear_assignment(X: Any) -> Any:
    """Rows and columns of the cheapest assignment, as pairs."""
    np = import_module("numpy")
    return np.transpose(import_module("scipy.optimize").linear_sum_assignment(X))
