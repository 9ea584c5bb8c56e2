"""W6: a picture of 224 x 224 x 3 as JSON numbers from 0 to 1; normalised, pooled, and scored by a dense network."""

import json
import os

import numpy as np

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def init():
    global layers
    with np.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "picture.npz")) as found:
        layers = [found[name] for name in sorted(found.files)]


def answer(data):
    pictures = np.asarray(data, np.float32)
    values = (pictures - MEAN) / DEVIATION
    values = values.reshape(-1, 28, 8, 28, 8, 3).mean((2, 4)).reshape(len(pictures), -1)
    return (np.maximum(values @ layers[0], 0) @ layers[1]).argmax(1).tolist()


def run(raw_data):
    return answer(json.loads(raw_data)["data"])
