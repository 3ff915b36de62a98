"""The system page, the help page and the health check."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import resources

from flask import (
    Blueprint,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from contentsvc import __version__
from contentsvc.db.models import Heartbeat
from contentsvc.services import switch
from contentsvc.services.channel_setup.problems import channel_problems
from contentsvc.services.operations.health import SILENT_AFTER, role_of, system_status
from contentsvc.web.current import now, person, reading, runtime, writing
from contentsvc.web.drafts import confirm_draft
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("system", __name__)

#: A process without a heartbeat for longer was stopped on purpose or replaced, and is not shown.
_SHOWN_FOR = timedelta(minutes=30)


@blueprint.get("/system/")
def index() -> str:
    """Render the running processes, the queues and the current settings."""
    with reading() as database:
        status = system_status(runtime(), database, now())
        pause = switch.paused(database)
        problems = channel_problems(runtime(), database)
    recent = [beat for beat in status.heartbeats if now() - beat.seen_at < _SHOWN_FOR]
    return render_template(
        "system/index.html",
        status=status,
        heartbeats=recent,
        is_silent=lambda beat: now() - beat.seen_at > SILENT_AFTER,
        role_of=role_of,
        active_at=_active_at,
        pause=pause,
        problems=problems,
        settings=runtime().config.in_force(),
        zone=runtime().config.timezone,
        version=__version__,
    )


def _active_at(beat: Heartbeat) -> datetime | None:
    """Return when a worker ended its last job; None for other processes, or before its first."""
    stored = beat.detail.get("active_at")
    return datetime.fromisoformat(stored) if stored else None


@blueprint.post("/system/pause")
def pause() -> Response:
    """Pause all deliveries that are not being sent yet, and redirect to the system page."""
    reason = request.form.get("reason", "").strip()[:500]
    with writing() as database:
        switch.pause_all(database, reason=reason, by=person(), now=now())
    confirm_draft()
    show_toast(gettext("Everything is paused. Nothing is published until you resume."))
    return redirect(url_for("system.index"), code=303)


@blueprint.post("/system/resume")
def resume() -> Response:
    """Resume all deliveries and redirect to the system page."""
    with writing() as database:
        switch.resume_all(database, now=now())
    show_toast(gettext("Publishing is resumed."))
    return redirect(url_for("system.index"), code=303)


@blueprint.get("/help")
def help_page() -> str:
    """Render the help page: keyboard shortcuts, and the terms that the service uses."""
    return render_template("system/help.html")


@blueprint.get("/healthz")
def health() -> tuple[dict[str, object], int]:
    """Return the health of the service as JSON, with status 200 or 503, for monitoring.

    The status is 503 if the database cannot be read, or if a dispatcher, a publishing worker, a
    follow-up worker or a render worker has not been seen for half a minute.
    """
    try:
        with reading() as database:
            status = system_status(runtime(), database, now())
    except SQLAlchemyError:
        return {"status": "down", "database": False, "version": __version__}, 503
    seen = [beat.seen_at for beat in status.heartbeats if beat.role == "dispatcher"]
    silence = (now() - max(seen)).total_seconds() if seen else None
    body: dict[str, object] = {
        "status": "not ready" if status.missing else "ok",
        "database": True,
        "queue": status.queue.reachable,
        "dispatcher_silent_seconds": silence,
        "processes": status.alive,
        "missing": status.missing,
        "version": __version__,
    }
    return body, 503 if status.missing else 200


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """Return the service's icon, which browsers request as `/favicon.ico`."""
    file = resources.files("contentsvc.web") / "static/favicon.svg"
    response = make_response(file.read_bytes())
    response.content_type = "image/svg+xml"
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
