"""System, plugins, health, public pages, errors and the catalogue."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from contentsvc.app import create_app
from contentsvc.channels.hosting import load_plugins
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.operations.health import record_heartbeat
from contentsvc.services.runtime import Runtime
from tests.catalogues import TRANSLATIONS
from tests.web.people import NOW, Clock, Person


def _beat(runtime: Runtime, role: str, **detail: str) -> None:
    with runtime.database.write() as session:
        record_heartbeat(session, role=role, name="h:1", started_at=NOW, now=NOW, detail=detail)


def _beat_all(runtime: Runtime, *, without: str = "") -> None:
    """Record a heartbeat of the dispatcher and of each kind of worker."""
    if without != "dispatcher":
        _beat(runtime, "dispatcher")
    for queue in {"publish", "follow-up", "render"} - {without}:
        with runtime.database.write() as session:
            record_heartbeat(
                session,
                role="worker",
                name=f"h:{queue}",
                started_at=NOW,
                now=NOW,
                detail={"queue": queue, "active_at": NOW.isoformat()},
            )


def test_silent_processes_are_told(mei: Person, runtime: Runtime, clock: Clock) -> None:
    """The system page warns if no dispatcher or worker has been seen for half a minute."""
    nobody = mei.text("/system/")
    _beat_all(runtime)
    everybody = mei.text("/system/")
    clock.now = NOW + timedelta(seconds=31)

    assert "调度进程没有在工作" in nobody
    assert "发布进程没有在工作" in nobody
    assert "没有在工作" not in everybody
    assert "调度进程没有在工作" in mei.text("/system/")


def test_everything_is_held_and_let_go(mei: Person, sample: str, runtime: Runtime) -> None:
    """The system page and the board tell who paused everything and why, until it is resumed."""
    mei.post("/system/pause", {"reason": "公关事件，先停"})
    held = [mei.text("/system/"), mei.text("/calendars/baby-benefits?week=2026-W48")]
    mei.post("/system/resume")

    assert all("公关事件，先停" in page and "mei" in page for page in held)
    assert "公关事件，先停" not in mei.text("/system/")


def test_the_settings_in_force_are_masked(mei: Person, runtime: Runtime) -> None:
    """An admin sees the settings, never the secret key."""
    page = mei.text("/system/")

    assert "CONTENTSVC_SECRET_KEY" in page
    assert runtime.config.secret_key not in page


def test_a_broken_plugin_is_shown_with_its_traceback(
    runtime: Runtime, tmp_path: Path, mei: Person
) -> None:
    """The plugins page lists the loaded plugins, and the broken ones with the reason."""
    (tmp_path / "bad.py").write_text("raise RuntimeError('<b>broken</b>')\n", encoding="utf-8")
    folders = [*runtime.config.plugin_folders(), tmp_path]
    app = create_app(replace(runtime, registry=load_plugins(folders, entry_points=False)))

    page = Person(app).text("/plugins/")

    assert "RuntimeError" in page
    assert "&lt;b&gt;broken" in page
    assert "webhook" in page


def test_health_tells_machines(runtime: Runtime, anonymous: FlaskClient, clock: Clock) -> None:
    """The health check needs no sign-in and reports database, queue and running processes."""
    _beat_all(runtime)
    clock.now = NOW + timedelta(seconds=7)

    response = anonymous.get("/healthz")

    assert response.status_code == 200
    assert response.json is not None
    assert response.json["database"] is True
    assert response.json["dispatcher_silent_seconds"] == 7.0
    assert response.json["processes"] == {
        "dispatcher": 1,
        "publish": 1,
        "follow-up": 1,
        "render": 1,
    }
    assert response.json["missing"] == []


@pytest.mark.parametrize("missing", ["dispatcher", "publish", "follow-up", "render"])
def test_health_names_the_process_that_is_missing(
    runtime: Runtime, anonymous: FlaskClient, mei: Person, missing: str
) -> None:
    """Without one of the four roles the service is not ready; the system page says so, too."""
    _beat_all(runtime, without=missing)

    response = anonymous.get("/healthz")

    assert response.status_code == 503
    assert response.json is not None
    assert response.json["missing"] == [missing]
    words = {"dispatcher": "调度", "publish": "发布", "follow-up": "回查", "render": "渲染"}
    page = mei.text("/system/")
    assert [word for word in words.values() if f"{word}进程没有在工作" in page] == [words[missing]]


def test_health_is_not_ready_after_half_a_minute_of_silence(
    runtime: Runtime, anonymous: FlaskClient, clock: Clock
) -> None:
    """The status is 503 before the first heartbeats and 31 seconds after the last ones."""
    never = anonymous.get("/healthz")
    _beat_all(runtime)
    clock.now = NOW + timedelta(seconds=31)
    silent = anonymous.get("/healthz")

    assert (never.status_code, silent.status_code) == (503, 503)
    assert silent.json is not None
    assert silent.json["status"] == "not ready"


def test_the_figures_are_prometheus_text(runtime: Runtime, anonymous: FlaskClient) -> None:
    """A scraper on this machine reads every figure by its name."""
    _beat_all(runtime)
    response = anonymous.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(response.text)}

    assert response.status_code == 200
    assert families["contentsvc_up"].samples[0].value == 1
    assert {sample.labels["role"] for sample in families["contentsvc_silence_seconds"].samples} == {
        "dispatcher",
        "publish",
        "follow-up",
        "render",
    }
    assert {
        sample.labels["role"]: sample.value for sample in families["contentsvc_processes"].samples
    } == {"dispatcher": 1, "publish": 1, "follow-up": 1, "render": 1}
    assert {sample.labels["role"] for sample in families["contentsvc_idle_seconds"].samples} == {
        "publish",
        "follow-up",
        "render",
    }
    assert {sample.labels["status"] for sample in families["contentsvc_deliveries"].samples} == set(
        DeliveryStatus
    )
    assert {"contentsvc_oldest_due_seconds", "contentsvc_switch"} <= set(families)


def test_the_figures_are_for_those_who_may_see_them(runtime: Runtime) -> None:
    """Another machine needs the token to get the metrics."""
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    closed = create_app(runtime).test_client()
    config = replace(runtime.config, metrics_token="a long token of ours")
    opened = create_app(replace(runtime, config=config)).test_client()

    def ask(client: FlaskClient, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return client.get("/metrics", environ_base=elsewhere, headers=headers).status_code

    assert ask(closed, "") == 403
    assert ask(opened, "guess") == 403
    assert ask(opened, "a long token of ours") == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"host": "localhost"}, 200),
        # A proxy on this machine would pass on the requests of anybody.
        ({"has_public_url": True, "public_url": "https://plan.example.com"}, 403),
        ({"host": "0.0.0.0"}, 403),
        ({"host": "::"}, 403),
    ],
)
def test_without_a_token_only_a_private_service_tells_its_figures(
    runtime: Runtime, changes: dict[str, object], status: int
) -> None:
    """Without a token, this machine gets the metrics only if nothing but loopback leads here."""
    config = replace(runtime.config, **changes)  # type: ignore[arg-type]  # by name
    client = create_app(replace(runtime, config=config)).test_client()

    assert client.get("/metrics").status_code == status


def test_health_is_503_without_the_database(runtime: Runtime, anonymous: FlaskClient) -> None:
    """The status is 503 if the database cannot be read."""
    with runtime.database.write() as session:
        session.execute(text("DROP TABLE heartbeats"))

    response = anonymous.get("/healthz")

    assert response.status_code == 503
    assert response.json is not None
    assert response.json["database"] is False


def test_public_pages_set_no_cookie_and_can_be_asked_again(
    mei: Person, sample: str, anonymous: FlaskClient
) -> None:
    """A public page has an ETag; a conditional request gets 304; a wrong path gets 404."""
    mei.post("/channels/site/test")
    first = anonymous.get("/site/")
    again = anonymous.get("/site/", headers={"If-None-Match": first.headers["ETag"]})

    assert first.status_code == 200
    assert "Set-Cookie" not in first.headers
    assert "script-src" not in first.headers["Content-Security-Policy"]
    assert again.status_code == 304
    wrong = anonymous.get("/site/no/such/page")
    assert wrong.status_code == 404
    assert "Set-Cookie" not in wrong.headers


def test_public_pages_without_a_channel_are_a_404(anonymous: FlaskClient) -> None:
    """Without a channel that has pages, the public site is a 404."""
    assert anonymous.get("/site/").status_code == 404


def test_an_unforeseen_error_has_a_number(
    app: Flask, mei: Person, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page shows a number that the log repeats with the traceback; no details leak."""

    def fail() -> str:
        raise RuntimeError("secret detail")

    monkeypatch.setitem(app.view_functions, "system.help_page", fail)
    with caplog.at_level(logging.ERROR):
        response = mei.get("/help")

    page = response.get_data(as_text=True)
    record = next(record for record in caplog.records if hasattr(record, "id"))
    assert response.status_code == 500
    assert record.id in page
    assert record.exc_info is not None
    assert "secret detail" not in page


def test_errors_have_one_json_shape(mei: Person) -> None:
    """A program that asks for JSON gets status, code, message, parameters and field."""
    response = mei.get("/calendars/none", headers={"Accept": "application/json"})

    assert response.status_code == 404
    assert response.json is not None
    assert set(response.json["error"]) == {*("status", "code", "message", "params", "field", "id")}


@pytest.mark.parametrize(("language", "words"), [("zh", "没有找到"), ("en", "Not found")])
def test_error_pages_speak_the_persons_language(mei: Person, language: str, words: str) -> None:
    """A 404 is friendly in both languages."""
    mei.post("/language", {"language": language})

    page = mei.get("/nothing").get_data(as_text=True)

    assert words in page


def test_the_catalogue_is_complete() -> None:
    """Every text of code and templates is translated, and no translation is unused."""
    options = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
    keywords = {
        "_": None,
        "gettext": None,
        "lazy_gettext": None,
        "ngettext": (1, 2),
    }
    extracted = {
        message if isinstance(message, str) else message[0]
        for _file, _line, message, _comments, _context in extract_from_dir(
            TRANSLATIONS.parent,
            method_map=[("**.py", "python"), ("templates/**.html", "jinja2")],
            options_map=options,
            keywords=keywords,
        )
    }
    with (TRANSLATIONS / "zh/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale="zh")
    known = {
        message.id if isinstance(message.id, str) else message.id[0]: message
        for message in catalogue
        if message.id
    }

    assert extracted - set(known) == set()
    assert set(known) - extracted == set()
    assert [id_ for id_, message in known.items() if not message.string or message.fuzzy] == []
    assert [list(message.check()) for message in known.values() if list(message.check())] == []
