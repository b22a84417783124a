"""How gunicorn starts the workers of app.py."""

import time


def pre_fork(server, worker):
    """Lets no two workers start in the same hundredth of a second, which is as exact as start times are."""
    time.sleep(0.05)
