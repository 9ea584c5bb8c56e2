"""What a `logging.json` of the user's may refer to."""

import logging
import time


class AMLLogFormatter(logging.Formatter):
    """Lines as the inference server writes them: UTC, one-letter level, process id, logger, message."""

    converter = time.gmtime  # type: ignore[assignment]

    def __init__(
        self,
        fmt: str = "%(asctime)s %(levelname).1s [%(process)d] %(name)s - %(message)s",
        datefmt: "str | None" = None,
        style: str = "%",
    ) -> None:
        super().__init__(fmt, datefmt, style)  # type: ignore[arg-type]
