"""Train the models and write the bodies of all workloads into a folder; the same on every run."""

import json
import sys
from itertools import pairwise
from pathlib import Path

import joblib
import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

ROWS = 2000


def main(folder: Path) -> None:
    random = np.random.default_rng(7)
    features = random.normal(size=(ROWS, 8))
    classes = (features @ random.normal(size=8) > 0).astype(int)
    joblib.dump(LogisticRegression().fit(features, classes), folder / "logistic.joblib")
    joblib.dump(GradientBoostingClassifier(random_state=0).fit(features, classes), folder / "boosting.joblib")
    network(folder / "small.npz", [16, 64, 64, 4])
    network(folder / "heavy.npz", [8, 2048, 2048, 4])
    network(folder / "picture.npz", [28 * 28 * 3, 64, 10])
    picture = random.integers(0, 256, (1, 224, 224, 3), np.uint8)
    (folder / "picture.bytes").write_bytes(picture.tobytes())
    rows = {"ten": (1, 10), "row": (1, 8), "hundred": (100, 8), "sixteen": (1, 16)}
    data = {name: random.normal(size=shape).tolist() for name, shape in rows.items()}
    for name, values in (data | {"picture": (picture / 255).tolist()}).items():
        (folder / f"{name}.json").write_text(json.dumps(values))


def network(path: Path, sizes: list[int]) -> None:
    random = np.random.default_rng(11)
    shapes = list(pairwise(sizes))
    layers = [(random.normal(size=shape) / shape[0] ** 0.5).astype(np.float32) for shape in shapes]
    np.savez(path, **{f"layer{number}": layer for number, layer in enumerate(layers)})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
