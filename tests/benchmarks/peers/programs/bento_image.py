"""Write the folder that BentoML's own image of the model is built from: `bento_image.py MODEL FOLDER REQUIREMENT…`.

With Docker's older syntax, which engines without BuildKit take too.
"""

import shutil
import sys
from pathlib import Path

import bentoml
import bentoml.container

SERVICE = """
import bentoml, joblib

@bentoml.service(workers=1)
class Bench:
    def __init__(self):
        self.model = joblib.load("model.joblib")

    @bentoml.api(route="/score")
    def score(self, data: list) -> list:
        return self.model.predict(data).tolist()
"""


def main(model: str, folder: Path, requirements: list[str]) -> None:
    source = folder.with_name(folder.name + "-source")
    source.mkdir()
    shutil.copy(model, source / "model.joblib")
    (source / "service.py").write_text(SERVICE)
    made = bentoml.build(
        "service:Bench",
        name="bench",
        build_ctx=str(source),
        include=["service.py", "model.joblib"],
        python={"packages": requirements, "lock_packages": False},
    )
    shutil.copytree(made.path, folder)
    bentoml.container.get_containerfile(str(made.tag), output_path=str(folder / "Dockerfile"), enable_buildkit=False)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
