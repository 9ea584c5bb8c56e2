"""`run` called in a loop, without any server: for each line of seconds on stdin one line of calls, seconds, CPU."""

import json
import os
import sys
import time
from pathlib import Path

import script

BODIES = {"json": Path.read_text, "bytes": Path.read_bytes}


def main() -> None:
    run = script.loaded().run
    body = BODIES[os.environ["BENCH_KIND"]](Path(sys.argv[1]))
    print(json.dumps(run(body)), flush=True)
    for line in sys.stdin:
        calls, times = 0, []
        cpu, began = time.process_time(), time.perf_counter()
        end = began + float(line)
        while (now := time.perf_counter()) < end:
            run(body)
            times.append(time.perf_counter() - now)
            calls += 1
        took, used = time.perf_counter() - began, time.process_time() - cpu
        times.sort()
        ranks = [times[min(int(calls * share), calls - 1)] for share in (0.5, 0.99, 0.999)]
        print(json.dumps([calls, took, used, *ranks]), flush=True)


if __name__ == "__main__":
    main()
