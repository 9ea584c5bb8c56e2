"""MLflow: a pyfunc model kept as code."""

import mlflow.pyfunc
import script
from mlflow.models import set_model


class Bench(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.entry = script.loaded()

    def predict(self, context, model_input, params=None):
        return self.entry.answer(model_input)


set_model(Bench())
