"""`get_feature_names`, which scikit-learn removed from its transformers, by `get_feature_names_out`."""

from typing import Any, Callable, Dict, List


def of_vocabulary(self: Any) -> List[str]:
    """The names of the columns that come out."""
    return [str(name) for name in self.get_feature_names_out()]


def of_inputs(self: Any, input_features: Any = None) -> Any:
    """The names of the columns that come out, made from those that go in."""
    return self.get_feature_names_out(input_features)


_NAME = "get_feature_names"
METHODS: Dict[str, Dict[str, Callable[..., Any]]] = {  # class → name → function
    "CountVectorizer": {_NAME: of_vocabulary},
    "DictVectorizer": {_NAME: of_vocabulary},
    "ColumnTransformer": {_NAME: of_vocabulary},
    "FeatureUnion": {_NAME: of_vocabulary},
    "OneHotEncoder": {_NAME: of_inputs},
    "PolynomialFeatures": {_NAME: of_inputs},
}
