"""The entry form: saved, rejected without loss, previewed, approved, deleted."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from contentsvc.db.models import Entry
from contentsvc.domain.entries import EntryStatus
from contentsvc.domain.roles import Role
from contentsvc.services.runtime import Runtime
from tests.factories import save_channel
from tests.web.people import NOW, WEEK, Person, give_role, handlers_in
from tests.web.writing import NEW, PLAIN, count, entry_of, make

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def test_an_entry_is_made_changed_and_shown(mei: Person, sample: str, runtime: Runtime) -> None:
    """The typed values are stored, and the form shows them again."""
    entry = make(mei, runtime)
    page = mei.text(f"/entries/{entry.id}")
    changed = {**PLAIN, "title": "周六大课堂", "rev": entry.rev, "slot": "", "time": "15:30"}

    response = mei.post(f"/entries/{entry.id}", changed)

    assert response.status_code == 303
    assert 'value="周六小课堂"' in page
    after = entry_of(runtime, entry.id)
    assert (after.title, after.slot, after.time, after.rev) == ("周六大课堂", None, "15:30", 2)
    assert after.changed_by == "mei"
    assert after.channels is None


def test_a_rejected_form_comes_back_filled(mei: Person, sample: str, runtime: Runtime) -> None:
    """Every error is shown beside its field, and the typed text stays in the form."""
    before = count(runtime, Entry)
    wrong = {
        **PLAIN,
        "title": " ",
        "slot": "",
        "time": "half past",
        "kind": "livestream",
        "livestream.url": "javascript:alert(1)",
        "livestream.minutes": "-5",
        "notices": "sometime",
        "body": "很长的一段心血",
    }

    response = mei.post(NEW, wrong)

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "data-rejected" in page
    assert "很长的一段心血" in page
    for field in ("title", "time", "livestream.url", "livestream.minutes", "notices"):
        assert f'id="error-{field}"' in page, field
    assert count(runtime, Entry) == before


def test_a_conflict_shows_both_texts(
    mei: Person, wang: Person, sample: str, runtime: Runtime
) -> None:
    """My text stays in the form beside theirs, and saving again overwrites it."""
    entry = make(mei, runtime)
    give_role(runtime, "wang", sample, Role.WRITER)
    theirs = {**PLAIN, "title": "王老师的标题", "rev": entry.rev}
    assert wang.post(f"/entries/{entry.id}", theirs).status_code == 303

    response = mei.post(f"/entries/{entry.id}", {**PLAIN, "title": "我的标题", "rev": entry.rev})

    page = response.get_data(as_text=True)
    assert response.status_code == 409
    assert 'value="我的标题"' in page
    assert "<pre>王老师的标题</pre>" in page
    rev = re.search(r'name="rev" value="(\d+)"', page)
    assert rev is not None
    again = {**PLAIN, "title": "我的标题", "rev": rev[1]}
    assert mei.post(f"/entries/{entry.id}", again).status_code == 303
    assert entry_of(runtime, entry.id).title == "我的标题"


def test_a_livestream_keeps_its_block_and_chain(mei: Person, sample: str, runtime: Runtime) -> None:
    """Host, link, points and notices are stored; the default notices stay the default."""
    values = {
        "kind": "livestream",
        "livestream.host": "林晓 医生",
        "livestream.url": "https://live.example/1",
        "livestream.minutes": "45",
        "livestream.points": "一\r\n\r\n二 ",
        "livestream.replay_url": "",
        "notices": "-2h，0m",
    }

    entry = make(mei, runtime, **values)

    assert entry.livestream == {
        "host": "林晓 医生",
        "url": "https://live.example/1",
        "minutes": 45,
        "points": ["一", "二"],
        "replay_url": "",
        "booking_url": "",
    }
    assert entry.notices == ["-2h", "0m"]


def test_versions_are_kept_for_their_channel(mei: Person, sample: str, runtime: Runtime) -> None:
    """A version with text is stored; an empty version uses the common text."""
    entry = make(mei, runtime, version_title__site="", version_body__site="只给网站")
    plain = make(mei, runtime, version_title__site="", version_body__site="")

    assert entry.versions == {"site": {"title": None, "body": "只给网站"}}
    assert plain.versions == {}


def test_a_poster_is_made_by_its_template(mei: Person, sample: str, runtime: Runtime) -> None:
    """A script loads the fields of the template; their values are stored, lists by line."""
    fields = mei.text("/poster-fields?poster.template=morning-paper")
    names = re.findall(r'name="poster-field\.(\w+)"', fields)
    assert "headlines" in names
    values = {
        "kind": "poster",
        "poster.template": "morning-paper",
        "poster-field.title": "早报",
        "poster-field.headlines": "第一条\n第二条",
    }

    entry = make(mei, runtime, **values)

    assert entry.poster == {
        "template": "morning-paper",
        "fields": {"title": "早报", "headlines": ["第一条", "第二条"]},
    }


def test_the_preview_is_the_stored_rendition(mei: Person, sample: str, runtime: Runtime) -> None:
    """The preview renders the form for each channel and saves no entry."""
    before = count(runtime, Entry)

    page = mei.post("/calendars/baby-benefits/preview", PLAIN).get_data(as_text=True)

    assert "<strong>今天</strong>聊聊睡眠" in page
    assert "周六 12:00" in page
    assert count(runtime, Entry) == before


def test_a_poster_preview_shows_its_picture(mei: Person, sample: str) -> None:
    """The picture of the preview comes from the stored rendition and may be cached for ever."""
    values = {"kind": "poster", "poster.template": "quote", "poster-field.quote": "慢慢来。"}
    page = mei.post("/calendars/baby-benefits/preview", {**PLAIN, **values}).get_data(as_text=True)
    source = re.search(r'src="(/renditions/[^"]+)"', page)
    assert source is not None, page

    response = mei.get(source[1])

    assert response.content_type == "image/png"
    assert "immutable" in response.headers["Cache-Control"]
    assert Image.open(io.BytesIO(response.data)).size[0] > 500


def test_the_preview_tells_what_is_wrong(mei: Person, sample: str) -> None:
    """The preview shows an error of the form with its field."""
    page = mei.post("/calendars/baby-benefits/preview", {**PLAIN, "title": ""})

    assert 'data-for="title"' in page.get_data(as_text=True)


@pytest.mark.parametrize(
    "field", ["title", "body", "livestream.host", "livestream.points", "version_body__site"]
)
def test_no_page_runs_what_was_typed(
    mei: Person, sample: str, runtime: Runtime, field: str
) -> None:
    """Markup in any field is shown as text, or cleaned, on the form, board and preview."""
    values = {**PLAIN, "kind": "livestream", "notices": "0m", field: EVIL}
    entry = make(mei, runtime, **values)

    pages = [
        mei.text(f"/entries/{entry.id}"),
        mei.text(f"/calendars/baby-benefits?week={WEEK}"),
        mei.text(f"/entries/{entry.id}/move"),
        mei.post("/calendars/baby-benefits/preview", values).get_data(as_text=True),
    ]

    for page in pages:
        assert handlers_in(page) == []


def test_names_from_people_are_escaped_everywhere(mei: Person, sample: str) -> None:
    """A calendar's name and tags with markup stay text."""
    form = {
        "name": EVIL,
        "timezone": "Asia/Shanghai",
        "kind": "benefits",
        "tier": "1",
        "tags": EVIL.replace(",", ""),
        "slots": "<b>早</b> 08:30\n早安 08:30\n午间 12:00\n晚间 20:00",
        "channels": "site",
    }
    assert mei.post("/calendars/baby-benefits/edit", form).status_code == 303

    for path in ("/calendars/", "/calendars/baby-benefits", "/calendars/baby-benefits/edit"):
        page = mei.text(path)
        assert "<script>alert" not in page
        assert "<b>早</b>" not in page


def test_pictures_of_other_hosts_are_not_asked_for(mei: Person, sample: str) -> None:
    """A preview with a picture of another host leaves its address out."""
    body = "![x](https://tracker.example/pixel.png)"

    page = mei.post("/calendars/baby-benefits/preview", {**PLAIN, "body": body})

    assert 'src="https://tracker' not in page.get_data(as_text=True)


def test_approving_plans_the_deliveries(mei: Person, sample: str, runtime: Runtime) -> None:
    """The approve button saves and approves; the deliveries stand on the page."""
    entry = make(mei, runtime, action="approve")

    assert entry.status is EntryStatus.APPROVED
    assert "/deliveries/" in mei.text(f"/entries/{entry.id}")


def test_a_past_entry_is_saved_but_not_approved(mei: Person, sample: str, runtime: Runtime) -> None:
    """The text is saved even if the approval fails, and the reason is shown."""
    entry = make(mei, runtime, day="mon", slot="早安", action="approve")

    assert entry.status is EntryStatus.DRAFT
    assert "它的时间已经过去" in mei.text(f"/entries/{entry.id}")


def test_the_steps_of_an_entry(mei: Person, sample: str, runtime: Runtime) -> None:
    """Submit, return, approve and cancel each set their status."""
    entry = make(mei, runtime, action="submit")
    seen = [entry.status]
    for action in ("return", "approve", "cancel"):
        rev = entry_of(runtime, entry.id).rev
        assert mei.post(f"/entries/{entry.id}/{action}", {"rev": rev}).status_code == 303
        seen.append(entry_of(runtime, entry.id).status)

    assert seen == [
        EntryStatus.IN_REVIEW,
        EntryStatus.DRAFT,
        EntryStatus.APPROVED,
        EntryStatus.CANCELLED,
    ]


def test_deleting_has_a_way_back(mei: Person, sample: str, runtime: Runtime) -> None:
    """A deleted entry disappears from the board, and the undo form of the toast restores it."""
    entry = make(mei, runtime)
    address = f"/calendars/baby-benefits?week={WEEK}"

    mei.post(f"/entries/{entry.id}/delete", {"rev": entry.rev})
    after = mei.text(address)
    mei.post(f"/entries/{entry.id}/restore")

    assert f'id="entry-{entry.id}"' not in after
    assert f'action="/entries/{entry.id}/restore"' in after
    assert f'id="entry-{entry.id}"' in mei.text(address)


def test_duplicating_makes_a_draft(mei: Person, sample: str, runtime: Runtime) -> None:
    """The copy is a draft with the same content; the toast can delete it."""
    entry = make(mei, runtime, action="approve")

    response = mei.post(f"/entries/{entry.id}/duplicate")

    copy = entry_of(runtime, int(response.location.rsplit("-", 1)[1]))
    assert (copy.title, copy.body, copy.status) == (entry.title, entry.body, EntryStatus.DRAFT)
    assert copy.id != entry.id


@pytest.mark.parametrize(
    "path", ["/entries/999", "/entries/999/move", "/uploads/x", "/renditions/x/y", "/assets/../x"]
)
def test_what_is_not_there_is_a_404(mei: Person, path: str) -> None:
    """An address without an entry shows an error page."""
    assert mei.get(path).status_code == 404


def test_a_channels_own_card_is_no_poster_to_choose(
    mei: Person, sample: str, runtime: Runtime
) -> None:
    """The site's link card is not offered, because it lacks the sizes of a poster."""
    entry = make(mei, runtime)

    page = mei.text(f"/entries/{entry.id}")

    assert 'value="morning-paper"' in page
    assert "link-card" not in page


@pytest.fixture
def handover(runtime: Runtime, sample: str) -> str:
    """Create a folder channel that writes every form; return its name."""
    with runtime.database.write() as session:
        save_channel(
            session,
            runtime.registry,
            name="handover",
            type="folder",
            settings={"article": "warm", "wecom": "markdown", "note": True, "sms": True},
            secret_key=runtime.config.secret_key,
            now=NOW,
        )
    return "handover"


def test_the_preview_shows_the_forms_with_their_counts(mei: Person, handover: str) -> None:
    """The preview shows each form to copy and its use of the platform's limits."""
    values = {**PLAIN, "channels": handover, "title": "标题" * 11, "body": "早安 <@all> ~~9~~"}

    page = mei.post("/calendars/baby-benefits/preview", values).get_data(as_text=True)

    shown = re.sub(r"\s+", " ", page)
    assert '<strong>短信</strong><span class="fact is-fine">字数 41 / 500</span>' in shown
    assert '<span class="fact is-fine">计费条数 1</span>' in shown
    assert '<strong>小红书笔记</strong><span class="fact is-over">标题 22 / 20</span>' in shown
    assert "＜@all&gt;" in page
    assert "小红书：标题按平台计为 22，最多 20" in page


def test_an_article_is_looked_at_in_a_box(mei: Person, handover: str) -> None:
    """The article keeps its inline styles; scripts and requests are forbidden."""
    values = {**PLAIN, "channels": handover, "body": "**早安**<script>alert(1)</script>"}
    page = mei.post("/calendars/baby-benefits/preview", values).get_data(as_text=True)
    source = re.search(r'<iframe [^>]*sandbox[^>]* src="(/renditions/[^"]+/article)"', page)
    assert source is not None, page

    response = mei.get(source[1])

    policy = response.headers["Content-Security-Policy"]
    assert '<strong style="' in response.get_data(as_text=True)
    assert "script" not in response.get_data(as_text=True)
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_a_rendition_without_an_article_has_no_such_page(mei: Person, sample: str) -> None:
    """Neither a rendition without an article nor a missing one has an article page."""
    values = {"kind": "poster", "poster.template": "quote", "poster-field.quote": "慢慢来。"}
    page = mei.post("/calendars/baby-benefits/preview", {**PLAIN, **values}).get_data(as_text=True)
    digest = re.search(r"/renditions/([0-9a-f]+)/", page)
    assert digest is not None

    assert mei.get(f"/renditions/{digest[1]}/article").status_code == 404
    assert mei.get(f"/renditions/{'0' * 64}/article").status_code == 404


def test_single_notices_get_words_of_their_own(mei: Person, sample: str, runtime: Runtime) -> None:
    """Texts of a notice and its poster are stored, shown again, and removed when emptied."""
    values = {
        "kind": "livestream",
        "livestream.url": "https://live.example/1",
        "notices": "-24h, -1h, 0m",
        "poster.template": "live-notice",
        "poster-field.title1": "冬季护肤",
        "notice.-24h.title": "明晚见",
        "notice.-24h.body": "先占座：{booking}",
        "notice.-24h.poster.subtitle": "明晚八点",
        "notice.-1h.silent": "1",
        "notice.-9h.title": "不在链里",
    }
    entry = make(mei, runtime, **values)
    page = mei.text(f"/entries/{entry.id}")

    emptied = {**PLAIN, **values, "rev": entry.rev, "notice.-24h.title": " "}
    emptied |= {"notice.-24h.body": "", "notice.-24h.poster.subtitle": "", "notice.-1h.silent": ""}
    mei.post(f"/entries/{entry.id}", emptied)

    assert entry.notices == [
        {
            "at": "-24h",
            "title": "明晚见",
            "body": "先占座：{booking}",
            "poster": {"subtitle": "明晚八点"},
        },
        {"at": "-1h", "title": None, "body": "", "poster": {}},
        "0m",
    ]
    for shown in ('value="明晚见"', "先占座：{booking}", 'value="明晚八点"', "开播前 1 天"):
        assert shown in page
    assert entry_of(runtime, entry.id).notices == ["-24h", "-1h", "0m"]


def test_the_fields_of_notices_follow_the_chain(mei: Person, sample: str) -> None:
    """The fields of the notices follow the typed offsets; invalid offsets have no fields."""
    asked = "notices=-3d,%20-90m&notice.-72h.title=三天后&poster.template=live-notice"

    page = mei.text(f"/notice-fields?{asked}")

    assert 'name="notice.-72h.title"' in page
    assert 'value="三天后"' in page
    assert "开播前 1 小时 30 分钟" in page
    assert 'name="notice.-90m.poster.state"' in page
    assert "<details" not in mei.text("/notice-fields?notices=soon")


def test_the_usual_chain_goes_with_the_length(mei: Person, sample: str, runtime: Runtime) -> None:
    """Default notices follow the length of the livestream; typed notices stay."""
    usual = "-24h, -1h, -10m, 0m, +90m"
    values = {"kind": "livestream", "livestream.minutes": "120", "notices": usual}

    followed = make(mei, runtime, **values, **{"notices.usual": usual})
    typed = make(mei, runtime, **values, day="sun")

    assert followed.notices == []
    assert "+150m" in mei.text(f"/entries/{followed.id}")
    assert typed.notices == ["-24h", "-1h", "-10m", "0m", "+90m"]
