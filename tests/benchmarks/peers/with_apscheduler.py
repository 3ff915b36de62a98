"""APScheduler with jobs in SQLite; late jobs still run."""

import json
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from posting import post

if __name__ == "__main__":
    # One process schedules and works: a job store has one scheduler.
    scheduler = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=f"sqlite:///{os.environ['BENCH_FOLDER']}/a")},
        executors={"default": ThreadPoolExecutor(16)},
        # With the default of one second it silently drops what it does not reach in time.
        job_defaults={"misfire_grace_time": None},
        timezone=UTC,
    )
    scheduler.start(paused=True)
    for key, due in json.loads(Path(sys.argv[1]).read_text()):
        at = datetime.fromtimestamp(due, UTC)
        scheduler.add_job(post, "date", run_date=at, args=(key,))
    scheduler.resume()
    sys.stdout.write("scheduled\n")
    sys.stdout.flush()
    threading.Event().wait()
