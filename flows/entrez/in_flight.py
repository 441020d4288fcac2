"""Several requests at a time: NCBI limits how many start in a second, not how many are under way."""

import contextvars
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from threading import Event
from typing import TypeVar

T = TypeVar("T")


def in_flight(calls: Iterable[Callable[[], T]], at_once: int, stopping: Event) -> Iterator[T]:
    """Call functions in threads; their results come as they are ready.

    No more than `at_once` are called or wait to be taken, so that replies do not pile up. Each sees the context
    variables of the caller, as tasks of Prefect need. Whoever leaves the loop early, by an error or by an interrupt,
    does not wait for what has not been called.

    Args:
        calls: The functions; taken one by one, when there is room.
        at_once: How many at a time.
        stopping: Set on leaving early, for calls that can stop half way.
    """
    left = iter(calls)
    with ThreadPoolExecutor(at_once, thread_name_prefix="entrez") as pool:
        running: set[Future[T]] = set()
        is_complete = False
        try:
            while True:
                for call in islice(left, at_once - len(running)):
                    running.add(pool.submit(contextvars.copy_context().run, call))
                if not running:
                    break
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
            is_complete = True
        finally:
            if not is_complete:
                stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
