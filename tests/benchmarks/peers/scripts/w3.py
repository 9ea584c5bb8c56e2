"""W3: gradient boosting, a hundred trees."""

import json
import os

import joblib

NAME = "boosting.joblib"


def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], NAME))


def answer(data):
    return model.predict(data).tolist()


def run(raw_data):
    return answer(json.loads(raw_data)["data"])
