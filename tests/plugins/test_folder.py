"""Tests of the folder channel, which writes files completely or not at all."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contentsvc.channels import (
    PLATFORM_RULES,
    Channel,
    EntryKind,
    Notice,
    Receipt,
    Rendition,
    TemporaryError,
)
from contentsvc.channels.contract import ChannelContract
from contentsvc.channels.hosting import SettingsError, form_fields
from contentsvc.channels.testing import (
    TestHost,
    load_plugin,
    parse_settings,
    render,
    sample_entry,
    sample_picture,
)

PLUGIN = Path(__file__).parents[2] / "plugins" / "folder"
FOLDER = load_plugin(PLUGIN).channel_type("folder")
MODULE = sys.modules[FOLDER.__module__]


class TestFolderContract(ChannelContract):
    """The folder channel passes the contract."""

    channel_class = FOLDER

    def visible_posts(self, channel: Channel) -> int:
        return len(list(channel.host.folder.glob("*/*/manifest.json")))


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    return opened(tmp_path)


def opened(path: Path) -> Channel:
    settings = parse_settings(FOLDER, {"path": str(path / "out")})
    return FOLDER(settings, TestHost(path / "own"))


def rendered(channel: Channel, **changes: Any) -> Rendition:
    return render(channel, sample_entry(**changes))


def published(channel: Channel, rendition: Rendition) -> Receipt:
    receipt = channel.publish(rendition, key="d-17")
    assert isinstance(receipt, Receipt)
    return receipt


def test_a_post_is_a_folder_named_by_its_time_and_title(channel: Channel, tmp_path: Path) -> None:
    """The folder's name has the local date and time of the calendar, and the title."""
    receipt = published(channel, rendered(channel))

    day, name = receipt.id.split("/")
    assert day == "2026-11-26"
    assert name.startswith("2000-早安签到-")
    assert (tmp_path / "out" / receipt.id).is_dir()


def test_the_folder_holds_all_that_is_needed(channel: Channel, tmp_path: Path) -> None:
    """The folder has the text, the HTML, the pictures in order and a manifest."""
    pictures = (sample_picture("b.png"), sample_picture("a.png", 10, 10))
    rendition = rendered(channel, pictures=pictures)

    path = tmp_path / "out" / published(channel, rendition).id

    names = sorted(file.name for file in path.iterdir())
    manifest = json.loads((path / "manifest.json").read_text("utf-8"))
    assert names == ["01.png", "02.png", "manifest.json", "post.html", "text.txt"]
    assert (path / "text.txt").read_text("utf-8") == rendition.text + "\n"
    assert (path / "01.png").read_bytes() == pictures[0].content
    assert '<img src="02.png"' in (path / "post.html").read_text("utf-8")
    assert (manifest["key"], manifest["kind"], manifest["title"]) == ("d-17", "post", "早安签到")
    assert [picture["width"] for picture in manifest["pictures"]] == [30, 10]


def test_a_repeated_key_leaves_what_stands(channel: Channel, tmp_path: Path) -> None:
    """A retry after an edit does not write a second folder under the new title."""
    first = channel.publish(rendered(channel), key="d-17")
    second = channel.publish(rendered(channel, title="改过的标题"), key="d-17")

    assert first == second
    assert len(list((tmp_path / "out").glob("*/*"))) == 1


def test_many_workers_with_one_key_write_one_folder(channel: Channel, tmp_path: Path) -> None:
    """Simultaneous attempts with one key write one folder."""
    rendition = rendered(channel)
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: channel.publish(rendition, key="d-17"), range(8)))

    assert len(set(receipts)) == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["2026-11-26"]
    assert len(list((tmp_path / "out").glob("*/*"))) == 1


def test_a_full_disk_leaves_nothing_behind(
    channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk raises TemporaryError, and no incomplete folder remains."""
    written = iter([b"first", b"second"])

    def full(path: Path, content: bytes) -> None:
        if next(written, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        path.write_bytes(content)

    rendition = rendered(channel)
    monkeypatch.setattr(MODULE, "_write_durably", full)

    with pytest.raises(TemporaryError, match="No space left"):
        channel.publish(rendition, key="d-17")

    assert list((tmp_path / "out").glob("*/*")) == []
    assert list((tmp_path / "out").glob(".draft-*")) == []
    monkeypatch.undo()
    assert published(channel, rendition).id


def test_what_a_killed_worker_left_is_swept(channel: Channel, tmp_path: Path) -> None:
    """The next post deletes old drafts; a draft that is being written stays."""
    for name, age in ((".draft-old", 7200), (".draft-new", 0)):
        draft = tmp_path / "out" / name
        draft.mkdir(parents=True)
        os.utime(draft, (time.time() - age,) * 2)

    channel.publish(rendered(channel), key="d-17")

    assert [path.name for path in (tmp_path / "out").glob(".draft-*")] == [".draft-new"]


def test_a_place_that_cannot_be_written_is_temporary(channel: Channel, tmp_path: Path) -> None:
    """A path that is a file raises TemporaryError with the path."""
    (tmp_path / "out").write_text("a file")

    with pytest.raises(TemporaryError, match="out"):
        channel.publish(rendered(channel), key="d-17")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("/etc/passwd", "etc_passwd"),
        ("C:\\Windows\\con", "C_Windows_con"),
        ("a\x00b\nc\u202ed", "abcd"),
        ("..", "untitled"),
        ("", "untitled"),
        ("早安，签到！", "早安，签到！"),
        ("what? <now>", "what_now"),
    ],
)
def test_a_title_is_made_a_safe_name(title: str, name: str) -> None:
    """A title cannot leave the folder and has no character that a file system refuses."""
    assert MODULE.safe_name(title) == name


def test_a_long_title_is_cut_between_characters() -> None:
    """A name has at most 255 bytes and does not end within a character."""
    name = MODULE.safe_name("签" * 300)

    assert len(name.encode()) <= 90
    assert set(name) == {"签"}


@pytest.mark.parametrize("path", ["out", "./out", "../out", "/srv/\0"])
def test_a_path_that_is_not_absolute_is_refused(path: str) -> None:
    """A relative path is refused, because it depends on the process."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(FOLDER, {"path": path})

    assert [field for field, _ in caught.value.problems] == ["path"]


def test_without_a_path_the_channels_own_folder_is_used(tmp_path: Path) -> None:
    """An empty path means the channel's own folder."""
    channel = FOLDER(parse_settings(FOLDER, {}), TestHost(tmp_path / "own"))

    receipt = published(channel, rendered(channel))

    assert (tmp_path / "own" / receipt.id / "text.txt").is_file()


def test_a_post_can_be_taken_back(channel: Channel, tmp_path: Path) -> None:
    """Retracting deletes the folder; retracting again raises no error."""
    rendition = rendered(channel)
    receipt = published(channel, rendition)

    channel.retract(receipt)
    channel.retract(receipt)

    since = datetime(2026, 1, 1, tzinfo=UTC)
    assert channel.find(rendition, key="d-17", since=since) is None


def test_taking_back_never_leaves_the_folder(channel: Channel, tmp_path: Path) -> None:
    """A forged receipt cannot delete anything outside the channel's folder."""
    other = tmp_path / "other" / "folder"
    other.mkdir(parents=True)
    published(channel, rendered(channel))

    channel.retract(Receipt(id="../other/folder"))

    assert other.is_dir()


def test_a_livestream_notice_is_filed_under_its_own_time(channel: Channel) -> None:
    """A notice one hour before the start is in a folder named by the notice's time."""
    entry = sample_entry(EntryKind.LIVESTREAM, due_at=datetime(2026, 11, 26, 11, 0, tzinfo=UTC))
    notice = Notice.parse("-1h")

    rendition = render(channel, entry, notice=notice)

    assert published(channel, rendition).id.startswith("2026-11-26/1900-【还有1小时】")


_EVERY_FORM = {
    "article": "warm",
    "wecom": "markdown",
    "chat": True,
    "note": True,
    "note_hashtags": "＃母婴，育儿",
    "sms": True,
    "sms_signature": "【贝贝优选】",
}
_BODY = (
    "说说**护肤**：\n\n| 月龄 | 用量 |\n|---|---|\n| 0–6月 | 一粒 |\n\n[回放](https://a.example/r)"
)


class TestFolderWithFormats(ChannelContract):
    """The folder channel with every format passes the contract."""

    channel_class = FOLDER
    settings = _EVERY_FORM


@pytest.fixture
def formed(tmp_path: Path) -> Channel:
    settings = parse_settings(FOLDER, {"path": str(tmp_path / "out"), **_EVERY_FORM})
    return FOLDER(settings, TestHost(tmp_path / "own"))


def test_the_chosen_formats_are_written(formed: Channel, tmp_path: Path) -> None:
    """Each chosen format has a file, and the manifest has its counts but not its text."""
    rendition = rendered(formed, body=_BODY)

    path = tmp_path / "out" / published(formed, rendition).id

    files = {file.name: file.read_text("utf-8") for file in path.iterdir()}
    assert '<strong style="' in files["article.html"]
    assert files["article-summary.txt"].startswith("说说护肤：")
    assert files["wecom.md"].startswith("# 早安签到\n\n说说**护肤**：\n\n月龄：用量\n")
    assert files["chat.txt"] == rendition.text + "\n"
    assert files["note-title.txt"] == "早安签到\n"
    assert files["note.txt"].endswith("\n\n#母婴 #育儿\n")
    assert files["sms.txt"].startswith("【贝贝优选】早安签到\n说说护肤：\n")
    assert files["sms.txt"].endswith("https://a.example/r 拒收请回复R\n")
    manifest = json.loads(files["manifest.json"])
    assert manifest["forms"]["sms"] == {"units": 60, "segments": 1}
    assert "<strong" not in files["manifest.json"]


def test_a_long_chat_text_is_several_files(formed: Channel, tmp_path: Path) -> None:
    """The files of several messages are numbered in their order."""
    rendition = rendered(formed, body="\n\n".join(["今天说说护肤。" * 100] * 4))

    path = tmp_path / "out" / published(formed, rendition).id

    assert sorted(file.name for file in path.glob("chat*")) == ["chat-01.txt", "chat-02.txt"]


def test_a_format_warns_while_planning(formed: Channel) -> None:
    """The rendition has the warnings of each format, with the format's name."""
    rendition = rendered(formed, title="字" * 40, body=_BODY)

    words = [warning.message.text("zh") for warning in rendition.warnings]
    assert words == [
        "公众号文章：标题按平台计为 40，最多 32",
        "小红书：标题按平台计为 40，最多 20",
        "小红书：这里不允许外部链接，已去掉：https://a.example/r",
    ]


def test_a_livestream_notice_has_its_formats(formed: Channel) -> None:
    """The formats of a notice contain its facts and its link."""
    notice = Notice.parse("-1h")

    rendition = render(formed, sample_entry(EntryKind.LIVESTREAM), notice=notice)

    formats = {post["name"]: post for post in rendition.data["formats"]}
    assert formats["sms"]["messages"][0].startswith("【贝贝优选】「还有1小时」")
    assert "https://" in formats["sms"]["messages"][0]


@pytest.mark.parametrize("signature", ["贝", "一二三四五六七八九十一二三"])
def test_a_signature_that_no_platform_takes_is_refused(signature: str) -> None:
    """An SMS signature has two to twelve characters."""
    with pytest.raises(SettingsError, match="2 to 12"):
        parse_settings(FOLDER, {"sms_signature": signature})


def test_the_platform_on_which_a_person_posts_gives_the_quota(tmp_path: Path) -> None:
    """The `platform` setting sets the quota; without it there is none."""
    quotas = {}
    for platform in ("none", *PLATFORM_RULES):
        channel = FOLDER(parse_settings(FOLDER, {"platform": platform}), TestHost(tmp_path))
        quotas[platform] = channel.quota

    assert quotas == {"none": None} | {name: rule.quota for name, rule in PLATFORM_RULES.items()}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_platform_with_a_rule_can_be_chosen_by_its_name(language: str) -> None:
    """The `platform` setting offers every platform with a rule, in both languages."""
    (field,) = [one for one in form_fields(FOLDER, language) if one.name == "platform"]

    assert field.default == "none"
    assert dict(field.choices[1:]) == {
        name: rule.name.text(language) for name, rule in PLATFORM_RULES.items()
    }
