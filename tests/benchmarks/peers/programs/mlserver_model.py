"""MLServer: a runtime of its own for the Open Inference Protocol; bytes come as base64, as its REST side has them."""

import os

import script
from mlserver import MLModel
from mlserver.codecs import Base64Codec, NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse

AS_BYTES = os.environ["BENCH_KIND"] == "bytes"


class Bench(MLModel):
    async def load(self) -> bool:
        self.entry = script.loaded()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        import numpy as np

        (given,) = payload.inputs
        data = Base64Codec.decode_input(given)[0] if AS_BYTES else NumpyCodec.decode_input(given)
        output = NumpyCodec.encode_output("answer", np.asarray(self.entry.answer(data)))
        return InferenceResponse(model_name=self.name, outputs=[output])
