"""What is asked of the servers, and which of them are asked."""

from __future__ import annotations

from dataclasses import dataclass

CONNECTIONS = (1, 8, 64)
PEERS = ("azureml", "fastapi", "litserve", "bentoml", "mlserver", "mlflow")
LIMITS = ("inline", "loop")
ALL = ("ours", *PEERS, *LIMITS)
BATCHING = ("ours-batching", "litserve-batching", "bentoml-batching", "mlserver-batching")


@dataclass(frozen=True)
class Workload:
    """One script, one body. `rounds` and `seconds` (of each measurement) are what a full run spends on it."""

    name: str
    title: str
    script: str
    body: str
    servers: tuple[str, ...] = ALL
    connections: tuple[int, ...] = CONNECTIONS
    kind: str = "json"
    rounds: int = 2
    seconds: int = 1
    starts: bool = False  # servers are started one by one, and timed

    @property
    def own_script(self) -> str:
        """What an entry script for bytes looks like differs from what is called with them."""
        return "w6_raw.py" if self.kind == "bytes" else self.script

    @property
    def weight(self) -> float:
        """About how many seconds a full measuring takes."""
        start = 6 if self.starts else 3
        return len(self.servers) * (start + self.rounds * len(self.connections) * (self.seconds + 0.5))


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("W1", "sum of ten floats", "w1.py", "ten", (*ALL, "nginx"), rounds=3, starts=True),
        Workload("W2", "scikit-learn, 1×8", "w2.py", "row", (*ALL, *BATCHING), rounds=3, starts=True),
        Workload("W3", "gradient boosting, 1×8", "w3.py", "row"),
        Workload("W4", "small numpy network", "w4.py", "sixteen", (*ALL, *BATCHING), rounds=3),
        Workload("W5", "scikit-learn, 100×8", "w2.py", "hundred"),
        Workload("W6", "picture as JSON, 3 MB", "w6.py", "picture", rounds=1, seconds=6),
        Workload(
            "W6-bytes",
            "picture as bytes, 147 KiB",
            "w6_bytes.py",
            "picture",
            ("ours", "azureml", "fastapi", "litserve", "bentoml", "mlserver", "inline", "loop"),
            kind="bytes",
        ),
        Workload(
            "HEAVY",
            "network with 16 MiB of weights",
            "heavy.py",
            "row",
            ("ours", "ours-batching", "loop"),
            (1, 4, 8, 64),
            rounds=4,
            seconds=2,
        ),
        Workload(
            "BUSY", "5 ms of processor time", "busy.py", "row", ("ours", "ours-two"), (8, 64), rounds=3, seconds=2
        ),
        Workload(
            "LARGE", "3 MB of JSON, left unread", "large.py", "picture", ("ours", "loop"), (1,), rounds=3, seconds=2
        ),
    )
}
QUICK = ("W1", "W2")
