"""Waiting for conditions with a deadline. Nothing in these tests sleeps for a fixed time and hopes."""
import time


class TookTooLong(AssertionError):
    pass


def wait_for(what, condition, limit=20.0, step=0.02):
    """Returns the condition's first true result; raises after `limit` seconds. `what` names it."""
    deadline = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TookTooLong(f"not within {limit:g} s: {what}")
        time.sleep(step)
