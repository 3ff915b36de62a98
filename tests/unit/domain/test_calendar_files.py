"""Reading calendar files, and every problem with its line, field, value and remedy."""

from __future__ import annotations

from datetime import time

import pytest
import yaml

from contentsvc import yaml_nodes
from contentsvc.domain.calendar_files import (
    MOST_BYTES,
    read_calendar,
    read_calendar_bytes,
)
from contentsvc.domain.calendars import CalendarHead, CalendarPlan, Community
from contentsvc.domain.elements import CommunityKind, Element
from contentsvc.domain.entries import (
    EntryContent,
    EntryKind,
    EntryStatus,
    Livestream,
    PictureRef,
    PosterSpec,
    Version,
)
from contentsvc.domain.notices import DEFAULT_CHAIN
from contentsvc.domain.quotas import Quota
from contentsvc.domain.walltime import parse_zone
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import CalendarError

FULL = """\
calendar: baby-benefits
name: 母婴品牌福利群
timezone: Asia/Shanghai
community: {kind: benefits, tier: 2, tags: [0-1岁, on]}
slots: {早安: 08:30, 晚间: "20:00:30"}
channels: [site, benefits-group]
week: 2026-W48
entries:
  - key: mon-check-in
    day: mon
    slot: 早安
    kind: post
    element: check-in
    title: 早安签到
    body: |
      早上好

      - 一
    versions: {benefits-group: {body: ""}}
    pictures: [pictures/a.jpg, {file: b.png, alt: 宝宝}]
    status: in_review
  - key: thu-live
    day: thu
    time: 20:00
    kind: livestream
    title: 医生直播课
    channels: [site]
    livestream:
      host: 林晓 医生
      url: https://live.example.com/1
      minutes: 90
      points: [红脸蛋, 1.0]
      replay_url: https://live.example.com/2
    notices: [0m, -24h, -1h, -10m, +90m]
    poster: {template: live-notice, fields: {title1: 冬季护肤, points: [一, 二]}}
brand: qinghe
"""

#: The least that a file can say; `%s` takes further fields of the entry.
LEAST = """\
calendar: c
name: C
timezone: UTC
slots: {早安: "08:30"}
channels: [site]
entries:
  - {key: k, day: mon, kind: post, title: t, %s}
"""


def problems(text: str) -> list[tuple[int, str, str]]:
    """Return the problems of a broken file as line, field and message."""
    with pytest.raises(CalendarError) as caught:
        read_calendar(text, "week.yaml")
    return [
        (problem.line, problem.field, str(problem.message)) for problem in caught.value.problems
    ]


def entry_problems(fields: str) -> list[tuple[str, str]]:
    """Return the problems of an entry with these *fields* as field and message."""
    return [(field, message) for _, field, message in problems(LEAST % fields)]


def entry(fields: str = "slot: 早安") -> EntryContent:
    """Return the entry of the smallest file, with these *fields*."""
    return read_calendar(LEAST % fields, "week.yaml").entries[0]


FULL_WIDTH = """\
calendar: ｂａｂｙ－ｂｅｎｅｆｉｔｓ
name: 母婴（福利）群
timezone: Ａｓｉａ／Ｓｈａｎｇｈａｉ
community: {kind: ｂｅｎｅｆｉｔｓ, tier: ２, tags: [０-１岁]}
slots: {早安: ０８：３０}
channels: [site， ｂｅｎｅｆｉｔｓ－ｇｒｏｕｐ]
quiet: ２２：００～７：３０
quotas: {site: {day: ３, month: ６０}}
week: ２０２６－Ｗ４８
entries:
  - key: ｌｉｖｅ
    day: ｔｈｕ
    time: ２０：００
    kind: livestream
    title: 开播！１２：００见
    livestream: {url: "https：／／a.example/１", minutes: ９０}
    notices: [－２４ｈ，－１ｈ, ０ｍ]
"""


def test_full_width_values_are_read() -> None:
    """Times, numbers, names and lists are taken as an input method types them; prose stays."""
    plan = read_calendar(FULL_WIDTH, "week.yaml")

    head, live = plan.head, plan.entries[0]
    assert (head.slug, head.name, head.zone.key) == (
        "baby-benefits",
        "母婴（福利）群",
        "Asia/Shanghai",
    )
    assert head.community == Community(CommunityKind.BENEFITS, 2, ("０-１岁",))
    assert (head.slots, head.channels) == ({"早安": time(8, 30)}, ("site", "benefits-group"))
    assert (str(head.quiet), head.quotas) == ("22:00-07:30", {"site": Quota(3, 60)})
    assert (str(plan.week), live.key, live.day) == ("2026-W48", "live", Weekday.THU)
    assert (live.time, live.title) == (time(20), "开播！１２：００见")
    assert live.livestream == Livestream(url="https://a.example/１", minutes=90)
    assert [str(notice) for notice in live.notices] == ["-24h", "-1h", "0m"]


def test_everything_is_read() -> None:
    """Every field of the format is read."""
    plan = read_calendar(FULL, "week.yaml")

    assert plan == CalendarPlan(
        head=CalendarHead(
            slug="baby-benefits",
            name="母婴品牌福利群",
            zone=parse_zone("Asia/Shanghai"),
            community=Community(CommunityKind.BENEFITS, 2, ("0-1岁", "on"), "qinghe"),
            slots={"早安": time(8, 30), "晚间": time(20, 0, 30)},
            channels=("site", "benefits-group"),
        ),
        week=IsoWeek(2026, 48),
        entries=(
            EntryContent(
                key="mon-check-in",
                day=Weekday.MON,
                kind=EntryKind.POST,
                title="早安签到",
                slot="早安",
                element=Element.CHECK_IN,
                body="早上好\n\n- 一\n",
                versions={"benefits-group": Version(body="")},
                pictures=(PictureRef("pictures/a.jpg"), PictureRef("b.png", "宝宝")),
                status=EntryStatus.IN_REVIEW,
            ),
            EntryContent(
                key="thu-live",
                day=Weekday.THU,
                kind=EntryKind.LIVESTREAM,
                title="医生直播课",
                time=time(20),
                channels=("site",),
                livestream=Livestream(
                    "林晓 医生",
                    "https://live.example.com/1",
                    90,
                    ("红脸蛋", "1.0"),
                    "https://live.example.com/2",
                ),
                notices=DEFAULT_CHAIN,
                poster=PosterSpec("live-notice", {"title1": "冬季护肤", "points": ("一", "二")}),
            ),
        ),
    )


@pytest.mark.parametrize("word", ["on", "no", "yes", "1.0", "1e3", "0x10", "2026-11-26", "12:30"])
def test_text_stays_text(word: str) -> None:
    """Text that YAML 1.1 takes for a truth value, a number or a date stays text."""
    text = (LEAST % "slot: 早安").replace("title: t", f"title: {word}")

    assert read_calendar(text, "f").entries[0].title == word


@pytest.mark.parametrize("text", ["20:00", '"20:00"', "'20:00'"])
def test_unquoted_times_are_times(text: str) -> None:
    """20:00, which YAML 1.1 reads as 1200, is eight in the evening."""
    assert entry(f"time: {text}").time == time(20)


def test_defaults() -> None:
    """A field that is left out has its default."""
    plan = read_calendar(LEAST % "slot: 早安", "week.yaml")

    assert (plan.week, plan.head.community) == (None, Community())
    assert plan.entries[0] == EntryContent(
        key="k", day=Weekday.MON, kind=EntryKind.POST, title="t", slot="早安"
    )


def test_fields_left_empty_are_left_out() -> None:
    """An optional field with nothing after its colon counts as left out."""
    text = LEAST % "slot: 早安, body: , element: , versions: , pictures: , poster: "

    assert read_calendar(text, "f") == read_calendar(LEAST % "slot: 早安", "f")


def test_all_problems_are_listed() -> None:
    """All problems of a file are listed, in the order of the file."""
    text = (
        FULL.replace("timezone: Asia/Shanghai", "timezone: Asia/Peking")
        .replace("2026-W48", "2026-W60")
        .replace("day: mon", "day: monday")
        .replace("minutes: 90", "minutes: 90m")
    )

    assert problems(text) == [
        (3, "timezone", "'Asia/Peking' is not a time zone such as Asia/Shanghai"),
        (7, "week", "'2026-W60' does not exist; a year has 52 or 53 weeks"),
        (
            10,
            "entries[0].day",
            "'monday' is not allowed; choose one of mon, tue, wed, thu, fri, sat, sun",
        ),
        (
            31,
            "entries[1].livestream.minutes",
            "'90m' is not a whole number from 1 to 1440",
        ),
    ]


def test_problems_are_shown_in_chinese() -> None:
    """In Chinese, each problem has its line, its field and a Chinese text with the same values."""
    text = FULL.replace("timezone: Asia/Shanghai", "timezone: Asia/Peking").replace(
        "day: mon", "day: monday"
    )

    with pytest.raises(CalendarError) as caught:
        read_calendar(text, "w.yaml")

    assert caught.value.message.text("zh") == (
        "w.yaml: 第 3 行：timezone: “Asia/Peking”不是时区，例如 Asia/Shanghai\n"
        "w.yaml: 第 10 行：entries[0].day: 不能用“monday”，请从这些里选："
        "mon、tue、wed、thu、fri、sat、sun"
    )


def test_error_reads_as_lines() -> None:
    """The error has a line per problem, with the file, the line and the field."""
    with pytest.raises(CalendarError) as caught:
        read_calendar(FULL.replace("tier: 2", "tier: 3").replace("day: mon", "day: x"), "w.yaml")

    first, second = str(caught.value).splitlines()
    assert first == "w.yaml: line 4: community.tier: '3' is not a whole number from 1 to 2"
    assert second.startswith("w.yaml: line 10: entries[0].day: 'x' is not allowed")


@pytest.mark.parametrize(
    ("before", "after", "field", "words"),
    [
        ("calendar: c\n", "", "calendar", "is missing"),
        ("name: C", "name:", "name", "is empty"),
        ("name: C", "name: C\nquiet: 22:00", "quiet", "is not a span such as 22:00-08:00"),
        ("name: C", "name: C\nquotas: {c: }", "quotas.c", "has neither `day` nor `month`"),
        ("name: C", "name: C\nquotas: {c: {day: }}", "quotas.c", "has neither `day` nor `month`"),
        ("name: C", "name: C\nquotas: {c: {day: -1}}", "quotas.c.day", "from 0 to 10000"),
        ("name: C", "name: '  '", "name", "is empty"),
        ("name: C", "name: [C]", "name", "is a list, but a text is expected"),
        ("name: C", "name: {a: b}", "name", "is a mapping, but a text is expected"),
        (
            "name: C",
            "name: null",
            "name",
            "null means nothing here; leave the field out, or",
        ),
        ("name: C", f"name: {'字' * 201}", "name", "has 201 characters; 200 are allowed"),
        ("calendar: c", "calendar: Baby", "calendar", "'Baby' is not a valid name; 1 to 64 of a-z"),
        ("calendar: c", f"calendar: {'a' * 65}", "calendar", "is not a valid name"),
        ("calendar: c", "calendar: -a", "calendar", "'-a' is not a valid name"),
        ("calendar: c", "calender: c", "calender", "no field 'calender'; did you mean 'calendar'?"),
        ("channels: [site]", "channels: site", "channels", "is not a list; write [one, two]"),
        (
            "channels: [site]",
            "channels: [My Group]",
            "channels[0]",
            "'My Group' is not a valid name",
        ),
        (
            "channels: [site]",
            "channels: [site, site]",
            "channels[1]",
            "'site' is in the list tw",
        ),
        ('slots: {早安: "08:30"}', "slots: [早安]", "slots", "is not a mapping"),
        ('"08:30"', "8.30", "slots.早安", "'8.30' is not a time of day such as 08:30"),
        ('早安: "08:30"', "'': '08:30', 早安: '09:00'", "slots.", "the slot's name is empty"),
        ("slots:", "community: {kind: vip}\nslots:", "community.kind", "'vip' is not allowed"),
        ("slots:", "community: {tier: 1}\nslots:", "community.kind", "is missing"),
        ("slots:", "week: next\nslots:", "week", "'next' is not an ISO week such as 2026-W48"),
        ("name: C", "name: C\nname: D", "", "'name' occurs twice, first in line 2"),
    ],
)
def test_problems_of_a_calendar(before: str, after: str, field: str, words: str) -> None:
    """Each problem of the settings names its field, the value and what is allowed."""
    text = LEAST % "slot: 早安"
    assert before in text

    found = problems(text.replace(before, after))

    assert [message for _, name, message in found if name == field and words in message]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ("", "", "neither slot nor time is given; add one, such as time:"),
        ('slot: 早安, time: "20:00"', ".slot", "slot and time are both given; keep one of them"),
        ("slot: 晚间", ".slot", "there is no slot '晚间'; the calendar's slots are: 早安"),
        ("time: 25:00", ".time", "'25:00' is not a time of day"),
        ("slot: 早安, element: checkin", ".element", "'checkin' is not allowed; choose one of"),
        ("slot: 早安, staus: draft", ".staus", "there is no field 'staus'; did you mean 'status'?"),
        ("slot: 早安, status: live", ".status", "choose one of draft, in_review, approved, cancel"),
        ("slot: 早安, livestream: {}", ".livestream", "only an entry of kind livestream has"),
        ("slot: 早安, notices: [-1h]", ".notices", "only an entry of kind livestream has notices"),
        ("slot: 早安, poster: {template: a}", ".poster", "a post has no poster"),
        (
            "slot: 早安, versions: {qq: {body: x}}",
            ".versions.qq",
            "not published to 'qq'; its channels are: site",
        ),
        (
            "slot: 早安, versions: {site: {}}",
            ".versions.site",
            "changes nothing; give",
        ),
        ("slot: 早安, versions: {site: {title: ''}}", ".versions.site.title", "is empty"),
        ("slot: 早安, versions: {site: x}", ".versions.site", "is not a mapping"),
        ("slot: 早安, versions: {site: {text: x}}", ".versions.site.text", "title, body"),
        (
            "slot: 早安, channels: [qq], versions: {site: {body: x}}",
            ".versions.site",
            "channels are: qq",
        ),
        ("slot: 早安, pictures: [../secret.png]", ".pictures[0]", "is not a path below the assets"),
        ("slot: 早安, pictures: [/etc/passwd]", ".pictures[0]", "is not a path below the assets"),
        ("slot: 早安, pictures: ['C:\\x.png']", ".pictures[0]", "is not a path below the assets"),
        ("slot: 早安, pictures: ['https://x/y.png']", ".pictures[0]", "is not a path below"),
        ("slot: 早安, pictures: [{alt: x}]", ".pictures[0].file", "is missing"),
        ('slot: 早安, body: "a\\0b"', ".body", "has the control character U+0000; remove it"),
    ],
)
def test_problems_of_an_entry(fields: str, field: str, words: str) -> None:
    """Each problem of an entry names its field, the value and what is allowed."""
    found = entry_problems(fields)

    assert [message for name, message in found if name == f"entries[0]{field}" and words in message]


@pytest.mark.parametrize(
    ("kind", "fields", "field", "words"),
    [
        ("video", "", ".kind", "'video' is not allowed; choose one of post, poster, livestream"),
        ("livestream", "", "", "a livestream needs its block; add livestream:"),
        ("poster", "", "", "a poster needs its block; add poster:"),
        ("poster", "poster: {fields: {a: b}}", ".poster.template", "is missing"),
        ("poster", "poster: {template: ../x}", ".poster.template", "'../x' is not a valid name"),
        (
            "poster",
            "poster: {template: x, fields: {A: b}}",
            ".poster.fields.A",
            "'A' is not a field's name",
        ),
        (
            "livestream",
            "livestream: {url: ftp://x}",
            ".livestream.url",
            "is not an address",
        ),
        (
            "livestream",
            "livestream: {url: 'javascript:alert(1)'}",
            ".livestream.url",
            "not an addr",
        ),
        ("livestream", "livestream: {url: 'http://[::1'}", ".livestream.url", "is not an address"),
        ("livestream", "livestream: {minutes: 0}", ".livestream.minutes", "from 1 to 1440"),
        ("livestream", "livestream: {minutes: 六十}", ".livestream.minutes", "from 1 to 1440"),
        (
            "livestream",
            "livestream: {host: x}, notices: []",
            ".notices",
            "leave it out",
        ),
        ("livestream", "livestream: {host: x}, notices: [1x]", ".notices[0]", "is not an offset"),
        ("livestream", "livestream: {host: x}, notices: [-1h, -60m]", ".notices[1]", "chain twice"),
        ("livestream", "livestream: {}, notices: [{at: -1h}, -60m]", ".notices[1]", "chain twice"),
        ("livestream", "livestream: {}, notices: [{title: x}]", ".notices[0].at", "is missing"),
        ("livestream", "livestream: {}, notices: [{at: soon}]", ".notices[0].at", "not an offset"),
        (
            "livestream",
            "livestream: {}, notices: [{at: 0m, titel: x}]",
            ".notices[0].titel",
            "mean",
        ),
        (
            "livestream",
            "livestream: {}, notices: [{at: 0m, poster: {fields: {state: x}}}]",
            ".notices[0].poster",
            "the entry has no poster",
        ),
        ("livestream", "livestream: {booking_url: ftp://x}", ".livestream.booking_url", "not an a"),
    ],
)
def test_problems_of_a_kind(kind: str, fields: str, field: str, words: str) -> None:
    """Each kind of entry needs its own block and allows no other's."""
    text = (LEAST % f"slot: 早安, {fields}").replace("kind: post", f"kind: {kind}")

    assert [m for _, name, m in problems(text) if name == f"entries[0]{field}" and words in m]


@pytest.mark.parametrize("text", [FULL, FULL.replace("day: mon", "day: x"), "a: [1\n", "a: &x 1"])
def test_both_yaml_readers_agree(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without libyaml the same plan is read and the same fields and lines are reported."""

    def outcome() -> object:
        try:
            return read_calendar(text, "f")
        except CalendarError as error:
            return [(problem.line, problem.field) for problem in error.problems]

    fast = outcome()
    monkeypatch.setattr(yaml_nodes, "_Loader", yaml.SafeLoader)

    assert outcome() == fast


def test_key_twice_names_the_first() -> None:
    """A second entry with the same key is reported with the line of the first."""
    text = FULL.replace("key: thu-live", "key: mon-check-in")

    assert problems(text) == [
        (22, "entries[1]", "the key 'mon-check-in' is already used by the entry in line 9")
    ]


def test_entries_that_are_no_mappings() -> None:
    """A text instead of an entry is reported once."""
    assert problems(LEAST % "slot: 早安" + "  - hello\n") == [
        (8, "entries[1]", "is not a mapping; write `field: value` lines")
    ]


@pytest.mark.parametrize(("length", "fits"), [(100_000, True), (100_001, False)])
def test_body_length(length: int, fits: bool) -> None:  # noqa: FBT001 - a column of the table
    """A body may have 100,000 characters."""
    fields = f"slot: 早安, body: {'字' * length}"

    if fits:
        assert len(entry(fields).body) == length
    else:
        assert entry_problems(fields) == [
            ("entries[0].body", "has 100,001 characters; 100,000 are allowed")
        ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "the file is empty"),
        ("# only a comment\n", 0, "the file is empty"),
        ("- a\n", 1, "is not a mapping"),
        ("just text", 1, "is not a mapping"),
        ("a: [1, 2\nb: 3\n", 2, "this is not YAML"),
        ("a: 1\n\tb: 2\n", 2, "spaces, no tabs"),
        ("a: 'open\n", 2, "this is not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "a second document begins"),
        ("a: &x 1\nb: *x\n", 1, "anchors and aliases (& and *) are not allowed"),
        ("a: 1\nb: *x\n", 2, "anchors and aliases (& and *) are not allowed"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tags (!) are not allowed"),
        ("a: !x 1\n", 1, "tags (!) are not allowed"),
        ("[" * 5000, 1, "nested deeper than 12 levels"),
        ("{a: " * 5000, 1, "nested deeper than 12 levels"),
        ("a: \x07\n", 0, "U+0007 is not allowed in YAML"),
        ("a: \ud800\n", 1, "half of a surrogate pair"),
        ('a: "\\ud800"\n', 1, "this is not YAML"),
        ("x: [" + "1," * 50_001 + "]", 1, "more than 50,000 values"),
        ("#" * (MOST_BYTES + 1), 0, "the file has 1,048,577 bytes; 1,048,576 are allowed"),
    ],
    ids=range(19),
)
def test_files_that_are_refused_whole(text: str, line: int, words: str) -> None:
    """A file that is not plain YAML of a sensible size is refused with its line."""
    found = problems(text)

    assert (found[0][0], found[0][1]) == (line, "")
    assert words in found[0][2]


def test_alias_bombs_are_refused() -> None:
    """Aliases that would expand to billions of values are refused at the first anchor."""
    bomb = 'a: &a ["x","x"]\n' + "".join(
        f"{one}: &{one} [*{before},*{before}]\n"
        for before, one in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert problems(bomb)[0][2].startswith("anchors and aliases")


@pytest.mark.parametrize("name", ["<<", "__class__", "1", "true"])
def test_strange_fields_are_unknown(name: str) -> None:
    """Merge keys and other odd names are reported as unknown fields."""
    text = LEAST % "slot: 早安" + f"{name}: {{calendar: d}}\n"

    assert problems(text)[0][1:2] == (name,)


def test_problems_end_at_a_hundred() -> None:
    """The list of problems ends at one hundred."""
    rows = "".join("  - {key: A, day: x, kind: y, title: z, slot: 早安}\n" for _ in range(90))

    assert len(problems(LEAST % "slot: 早安" + rows)) == 100


def test_bytes_are_utf8_with_or_without_a_mark() -> None:
    """UTF-8 is read with and without a byte order mark, which Windows' Notepad writes."""
    text = LEAST % "slot: 早安"

    assert read_calendar_bytes(text.encode("utf-8-sig"), "f") == read_calendar(text, "f")


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        ("name: C\nname: 福利群".encode("gbk"), 2, "byte 0xb8 is not UTF-8; save the file as"),
        (b"#" * (MOST_BYTES + 1), 0, "1,048,576 are allowed"),
        (b"\xff\xfe\x00", 1, "byte 0xff is not UTF-8"),
    ],
)
def test_bytes_that_are_refused(data: bytes, line: int, words: str) -> None:
    """Other encodings and files that are too large are refused with the line and the byte."""
    with pytest.raises(CalendarError) as caught:
        read_calendar_bytes(data, "week.yaml")

    assert caught.value.problems[0].line == line
    assert words in str(caught.value.problems[0].message)


def test_upload_pictures_by_hash() -> None:
    """The source of an uploaded picture is its content hash."""
    source = "sha256:" + "0f" * 32

    assert entry(f"slot: 早安, pictures: ['{source}']").pictures == (PictureRef(source),)


def test_an_entry_may_have_no_channel() -> None:
    """An empty list of channels is kept, for a draft that has no channel yet."""
    assert entry("slot: 早安, channels: []").channels == ()


def test_a_problem_of_the_whole_file() -> None:
    """A problem of the whole file is written without a line number."""
    with pytest.raises(CalendarError) as caught:
        read_calendar("", "week.yaml")

    assert str(caught.value).startswith("week.yaml: the file is empty")
