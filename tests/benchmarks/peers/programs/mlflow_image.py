"""Write the folder that MLflow's own image of the model is built from: `mlflow_image.py MODEL FOLDER REQUIREMENT…`."""

import subprocess
import sys
from pathlib import Path

import joblib
import mlflow.sklearn


def main(model: str, folder: Path, requirements: list[str]) -> None:
    saved = folder.with_name(folder.name + "-model")
    mlflow.sklearn.save_model(joblib.load(model), saved, pip_requirements=requirements, skops_trusted_types=[])
    command = [sys.executable, "-m", "mlflow", "models", "generate-dockerfile", "-m", str(saved), "-d", str(folder)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
