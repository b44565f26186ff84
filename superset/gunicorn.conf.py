"""How Superset is served: `python -m gunicorn --config superset/gunicorn.conf.py`, on the loopback only."""

import os

wsgi_app = "superset.app:create_app()"
bind = f"127.0.0.1:{os.environ.get('VOXHOUSE_SUPERSET_PORT', '8088')}"
raw_env = ["TZ=UTC"]
workers = 2  # doors.py counts wrong passwords for each of them
worker_class = "gthread"
threads = 4
timeout = 120
control_socket_disable = True  # it would stand in the caller's HOME
