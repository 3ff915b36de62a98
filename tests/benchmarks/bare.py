"""The floor: a bare loop that posts the same messages with the same HTTP client."""

from __future__ import annotations

import multiprocessing
import threading
import time

from contentsvc.channels import HttpClient

__all__ = ["bare_loop"]

#: Seconds after which a loop that does not come to its end is given up.
_LONGEST = 600
#: As long as real ones.
_HEADERS = {
    "Content-Type": "application/json",
    "webhook-id": "00000000-0000-0000-0000-000000000000",
    "webhook-timestamp": "1790000000",
    "webhook-signature": "v1," + "A" * 44,
}


def bare_loop(url: str, body: bytes, count: int, *, processes: int, threads: int) -> float:
    """Post *count* messages by loops in *threads* of each process; return the rate a second."""
    context = multiprocessing.get_context("spawn")
    line = context.Barrier(processes + 1, timeout=_LONGEST)
    share = -(-count // (processes * threads))
    running = [
        context.Process(target=_run, args=(url, body, share, threads, line), daemon=True)
        for _ in range(processes)
    ]
    for process in running:
        process.start()
    line.wait()
    began = time.perf_counter()
    line.wait()
    took = time.perf_counter() - began
    for process in running:
        process.join()
    return share * processes * threads / took


def _run(url: str, body: bytes, share: int, threads: int, line: threading.Barrier) -> None:
    client = HttpClient()

    def loop() -> None:
        for _ in range(share):
            client.request("POST", url, content=body, headers=_HEADERS, allow_private=True)

    loops = [threading.Thread(target=loop) for _ in range(threads)]
    # The first call brings what is made once for the life of a process.
    client.request("POST", url, content=body, headers=_HEADERS, allow_private=True)
    line.wait()
    for thread in loops:
        thread.start()
    for thread in loops:
        thread.join()
    line.wait()
