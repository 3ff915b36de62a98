"""The web application for a WSGI server of your own: `gunicorn wsgi:app`."""

from contentsvc import logs
from contentsvc.app import create_app
from contentsvc.assembly import assemble
from contentsvc.config import Config

config = Config.from_env()
logs.setup(config.log_level)
app = create_app(assemble(config))
