"""The list of channels, and the forms for configuring, testing and pausing a channel."""

from __future__ import annotations

import base64
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from contentsvc.channels import Channel as ChannelType
from contentsvc.channels import Pages, Picture, PlatformRule, Quota
from contentsvc.channels.hosting import FormField, form_fields
from contentsvc.db.models import ChannelRow
from contentsvc.domain.typed_text import half_width
from contentsvc.errors import (
    ConflictError,
    ContentsvcError,
    InputError,
    NotFoundError,
    PluginError,
)
from contentsvc.masking import MASK
from contentsvc.services.channel_changes import changing_channels
from contentsvc.services.channel_setup import channels
from contentsvc.services.channel_setup.identities import (
    IdentityAnswer,
    ask_identity,
    can_tell_identity,
)
from contentsvc.services.channel_setup.problems import channel_problem
from contentsvc.services.channel_setup.saving import check_channel, store_channel
from contentsvc.services.channel_setup.sealing import seal, unseal
from contentsvc.services.concerns import ApprovedEntriesError
from contentsvc.web.approvals import posted_answer
from contentsvc.web.current import language, now, reading, runtime, usefulness, writing
from contentsvc.web.drafts import confirm_draft
from contentsvc.web.explaining import explain, explain_text
from contentsvc.web.form_errors import error_status, errors_by_field
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("channels", __name__)


@blueprint.get("/channels/")
def index() -> str:
    """Render the list of channels, and of the channel types for a new channel."""
    with reading() as database:
        rows = channels.all_channels(database)
    problems = {row.name: problem for row in rows if (problem := channel_problem(runtime(), row))}
    types = runtime().registry.channel_types()
    return render_template(
        "channels/index.html",
        channels=rows,
        types=types,
        problems=problems,
        zone=runtime().config.timezone,
    )


@blueprint.route("/new-channel/<type_name>", methods=["GET", "POST"])
def new(type_name: str) -> Response | tuple[str, int]:
    """Render the form of a new channel of the type *type_name*, or create the channel."""
    kind = _type(type_name)
    if request.method == "GET":
        blank = {
            field.name: "" if field.default is None else str(field.default)
            for field in form_fields(kind, language())
        }
        return _form(kind, None, MultiDict({"name": "", **blank}), {}), 200
    return _save(kind, None)


def _type(name: str) -> type[ChannelType]:
    try:
        return runtime().registry.channel_type(name)
    except PluginError as error:
        raise NotFoundError(error.message) from error


@blueprint.route("/channels/<name>", methods=["GET", "POST"])
def edit(name: str) -> Response | tuple[str, int]:
    """Render the form of a channel's settings, or store the posted settings."""
    with reading() as database:
        channel = channels.get_channel(database, name)
    try:
        kind = runtime().registry.channel_type(channel.type)
    except PluginError as error:
        return render_template("channels/missing.html", channel=channel, error=explain(error)), 200
    if request.method == "GET":
        return _form(kind, channel, MultiDict(_as_text(_masked(channel))), {}), 200
    return _save(kind, channel)


def _masked(channel: ChannelRow) -> dict[str, Any]:
    return channels.masked_settings(runtime().registry, channel, runtime().config.secret_key)


def _as_text(settings: dict[str, Any]) -> dict[str, str]:
    """Return a channel's settings as form texts; a mask stands for a secret."""
    texts = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            texts[name] = MASK
        elif isinstance(value, bool):
            texts[name] = "yes" if value else ""
        else:
            texts[name] = "" if value is None else str(value)
    return texts


def _save(kind: type[ChannelType], channel: ChannelRow | None) -> Response | tuple[str, int]:
    name = channel.name if channel else half_width(request.form.get("name", ""))
    try:
        settings = _settings(kind, channel)
        secret_key = runtime().config.secret_key
        with reading() as database:
            checked = check_channel(
                database,
                runtime().registry,
                name=name,
                type=kind.type,
                settings=settings,
                secret_key=secret_key,
                is_new=channel is None,
            )
        with (
            writing() as database,
            changing_channels(database, posted_answer(), now=now(), usefulness=usefulness()),
        ):
            store_channel(database, checked, secret_key=secret_key, now=now())
    except ApprovedEntriesError as error:
        return _form(
            kind, channel, request.form, {}, question=error, sealed=_sealed(kind, settings)
        ), 409
    except InputError as error:
        errors = errors_by_field(error, "name")
        return _form(kind, channel, request.form, errors), error_status(error)
    confirm_draft()
    show_toast(gettext("Saved. Send a test to see whether it works."))
    return redirect(url_for("channels.edit", name=name), code=303)


def _settings(kind: type[ChannelType], channel: ChannelRow | None) -> dict[str, Any]:
    """Return the posted settings of a channel; a secret that nobody changed keeps its value."""
    settings: dict[str, Any] = {}
    masked = _masked(channel) if channel else {}
    typed = _unsealed()
    for field in form_fields(kind, language()):
        text = request.form.get(field.name, "") or typed.get(field.name, "")
        stored = masked.get(field.name)
        if field.kind == "flag":
            settings[field.name] = bool(text)
        elif field.kind == "secret" and isinstance(stored, dict) and text in {"", MASK}:
            settings[field.name] = stored
        elif text.strip() or field.kind == "secret":
            settings[field.name] = text if field.kind == "secret" else text.strip()
        elif not field.required and field.default not in {None, ""}:
            settings[field.name] = ""
    return settings


def _sealed(kind: type[ChannelType], settings: dict[str, Any]) -> str:
    """Return the typed secrets encrypted, for a form that is posted again; empty if there are none.

    A page never shows a secret, so its field is empty again.
    """
    names = [field.name for field in form_fields(kind, language()) if field.kind == "secret"]
    typed = {
        name: text
        for name in names
        if isinstance(text := settings.get(name), str) and text not in {"", MASK}
    }
    if not typed:
        return ""
    return base64.urlsafe_b64encode(seal(typed, runtime().config.secret_key)).decode()


def _unsealed() -> dict[str, str]:
    """Return the secrets that `_sealed` put into the posted form.

    Raises:
        InputError: somebody has changed them.
    """
    text = request.form.get("sealed", "")
    if not text:
        return {}
    try:
        secrets = unseal(base64.urlsafe_b64decode(text), runtime().config.secret_key)
    except (ValueError, ContentsvcError) as error:
        raise InputError("channel-secrets-lost") from error
    return dict(secrets)


def _form(
    kind: type[ChannelType],
    channel: ChannelRow | None,
    form: MultiDict[str, str],
    errors: dict[str, str],
    identity: IdentityAnswer | None = None,
    *,
    question: ApprovedEntriesError | None = None,
    sealed: str = "",
) -> str:
    fields: list[FormField] = form_fields(kind, language())
    quota, rule = _own_quota(channel)
    return render_template(
        "channels/edit.html",
        kind=kind,
        channel=channel,
        form=form,
        fields=fields,
        errors=errors,
        question=question,
        sealed=sealed,
        mask=MASK,
        stored=_stored_secrets(channel),
        problem=channel_problem(runtime(), channel) if channel else None,
        quota=quota,
        rule=rule,
        zone=runtime().config.timezone,
        can_tell_identity=can_tell_identity(kind),
        identity=identity,
        pages_url=url_for("site.page", path=channel.name)
        if channel and issubclass(kind, Pages)
        else "",
    )


def _stored_secrets(channel: ChannelRow | None) -> set[str]:
    """Return the names of the settings that are stored as secrets, or refer to one."""
    masked = _masked(channel) if channel else {}
    return {name for name, value in masked.items() if value == MASK or isinstance(value, dict)}


def _own_quota(channel: ChannelRow | None) -> tuple[Quota | None, PlatformRule | None]:
    """Return the channel's default limit on posts and the platform rule it follows, if any."""
    if channel is None:
        return None, None
    try:
        return channels.quota_of(runtime(), channel)
    except ContentsvcError:
        return None, None


@blueprint.post("/channels/<name>/test")
def test(name: str) -> Response:
    """Publish a test message on a channel, and redirect to the channel's page with the result."""
    sent = channels.test_send(runtime(), name, language=language())
    if sent.error:
        show_toast(
            gettext("The test failed: %(reason)s", reason=explain_text(sent.error)), bad=True
        )
    elif sent.receipt is not None:
        receipt = sent.receipt.url or sent.receipt.id
        show_toast(gettext("The test message is published: %(receipt)s", receipt=receipt))
    else:
        show_toast(explain_text(sent.note or ""))
    return redirect(url_for("channels.edit", name=name), code=303)


@blueprint.post("/channels/<name>/identity")
def identity(name: str) -> str:
    """Ask the platform about the channel's account, and render the channel's page with it."""
    answer = ask_identity(runtime(), name)
    with reading() as database:
        channel = channels.get_channel(database, name)
    kind = _type(channel.type)
    return _form(kind, channel, MultiDict(_as_text(_masked(channel))), {}, answer)


@blueprint.app_template_filter()
def data_url(picture: Picture) -> str:
    """Return a picture as a `data:` address, for a picture that is not stored."""
    content = base64.b64encode(picture.content).decode()
    return f"data:{picture.media_type};base64,{content}"


@blueprint.post("/channels/<name>/pause")
def pause(name: str) -> Response:
    """Pause a channel, which makes its deliveries wait, and redirect to the channel's page."""
    reason = request.form.get("reason", "").strip()[:500]
    with writing() as database:
        channels.pause_channel(database, name, reason=reason, now=now())
    confirm_draft()
    show_toast(gettext("%(name)s is paused. Its deliveries wait.", name=name))
    return redirect(url_for("channels.edit", name=name), code=303)


@blueprint.post("/channels/<name>/resume")
def resume(name: str) -> Response:
    """Resume a paused channel and redirect to its page."""
    with writing() as database:
        channels.resume_channel(database, name, now=now())
    show_toast(gettext("%(name)s is resumed.", name=name))
    return redirect(url_for("channels.edit", name=name), code=303)


@blueprint.post("/channels/<name>/delete")
def delete(name: str) -> Response:
    """Delete a channel, or show an error if a calendar or a delivery uses it."""
    try:
        with writing() as database:
            channels.delete_channel(database, name)
    except ConflictError as error:
        show_toast(explain(error), bad=True)
        return redirect(url_for("channels.edit", name=name), code=303)
    show_toast(gettext("The channel %(name)s is deleted.", name=name))
    return redirect(url_for("channels.index"), code=303)
