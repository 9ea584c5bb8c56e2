"""Writes old_models.json: run once by a Python 3.8 with scikit-learn 0.22.2 and NumPy 1.18."""

from __future__ import annotations

import base64
import json
import pickle
import sys
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

rows = np.random.RandomState(0).randint(0, 4, (12, 3)).astype(float)
labels = (rows[:, 0] > 1).astype(int)
columns = ColumnTransformer([("scaled", StandardScaler(), [0, 1]), ("coded", OneHotEncoder(), [2])])
models = {
    "linear": LinearRegression(),
    "scaled": make_pipeline(MinMaxScaler(), LogisticRegression()),
    "coded": make_pipeline(columns, LogisticRegression()),
    "filled": make_pipeline(SimpleImputer(), LinearRegression()),
    "bayes": GaussianNB(),
    "means": KMeans(2, random_state=0),
    "machine": SVC(),
    "tree": DecisionTreeClassifier(random_state=0),
}
made: dict[str, Any] = {}
for name, model in models.items():
    model.fit(rows, labels)
    said = model.predict(rows).tolist()
    made[name] = {"pickle": base64.b64encode(pickle.dumps(model, 2)).decode(), "rows": rows.tolist(), "said": said}
texts = ["old words", "older words", "new"]
words = TfidfVectorizer().fit(texts)
said = words.transform(texts).toarray().tolist()
made["words"] = {"pickle": base64.b64encode(pickle.dumps(words, 2)).decode(), "rows": texts, "said": said}
json.dump(made, sys.stdout, indent=1)
