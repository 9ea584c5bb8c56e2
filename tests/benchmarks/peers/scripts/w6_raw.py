"""W6 as bytes, as an entry script takes them."""

import w6_bytes
from azureml.contrib.services.aml_request import rawhttp

init = w6_bytes.init


@rawhttp
def run(request):
    return w6_bytes.answer(request.get_data(False))
