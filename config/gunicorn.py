"""How gunicorn serves the reference shop: `gunicorn --config config/gunicorn.py config.wsgi:application`."""

import os

bind = os.environ.get("GUNICORN_BIND", "127.0.0.1:8000")
# A process for each two cores: a photo keeps two busy, and what is loaded takes half a gigabyte a process.
workers = int(os.environ.get("WEB_CONCURRENCY", max(2, (os.cpu_count() or 2) // 2)))
# One photo is looked at and three wait (PHOTO_SLOTS, PHOTO_QUEUE); four threads stay for words, pages and health.
threads = int(os.environ.get("GUNICORN_THREADS", "8"))
worker_class = "gthread"
# A worker that is silent for so long is replaced. It speaks while its threads work, so no slow request brings that about.
timeout = 60
# Requests in work may end when the server is told to stop.
graceful_timeout = 30
# Behind a proxy that keeps connections open.
keepalive = 75
# What a library may lose in memory is given back; not all workers at the same time.
max_requests, max_requests_jitter = 20_000, 2_000
# An address may hold words, and what somebody searches is nobody's business: no query strings.
access_log_format = "%(h)s %(m)s %(U)s %(s)s %(b)s %(M)sms"


def post_worker_init(worker: object) -> None:
    """Load what questions need before the first one comes."""
    from visual_search import warming  # noqa: PLC0415 - Django is set up by now, and not before

    warming.start()
