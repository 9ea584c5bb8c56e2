"""W2 and W5: scikit-learn's logistic regression."""

import json
import os

import joblib

NAME = "logistic.joblib"


def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], NAME))


def answer(data):
    return model.predict(data).tolist()


def run(raw_data):
    return answer(json.loads(raw_data)["data"])
