"""The baseline of `burst`: a loop that posts the same messages with the same HTTP client."""

from __future__ import annotations

import multiprocessing
import threading
import time

from contentsvc.channels import HttpClient

__all__ = ["bare_loop"]

#: The timeout of a loop, in seconds.
_LONGEST = 600
#: As long as the headers of a real message.
_HEADERS = {
    "Content-Type": "application/json",
    "webhook-id": "00000000-0000-0000-0000-000000000000",
    "webhook-timestamp": "1790000000",
    "webhook-signature": "v1," + "A" * 44,
}


def bare_loop(url: str, body: bytes, count: int, *, processes: int, threads: int) -> float:
    """Return the messages per second of loops that post about *count* messages.

    A loop runs in each of *threads* threads of each of *processes* processes.
    """
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
    # The first call of a process is slower, because it prepares the client.
    client.request("POST", url, content=body, headers=_HEADERS, allow_private=True)
    line.wait()
    for thread in loops:
        thread.start()
    for thread in loops:
        thread.join()
    line.wait()
