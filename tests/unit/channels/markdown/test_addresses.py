"""Tests of bare addresses: each becomes a link to the whole address, or stays text."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentsvc.channels import RenderError, format_chat, markdown_html

_R = "https://a.example/r"


def _links(body: str) -> list[tuple[str, str]]:
    """Return the address and the text of each link in the HTML of *body*."""
    found = re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', markdown_html(body))
    return [(unescape(address), unescape(text)) for address, text in found]


@pytest.mark.parametrize(
    "body",
    [
        # Markup beside it
        f"报名 {_R}**（今晚八点）**",
        f"**{_R}**（今晚八点）",
        f"{_R}~~旧~~",
        f"~~{_R}~~",
        f"*{_R}*，",
        f"_{_R}_ 看",
        f"{_R}*now*",
        f"{_R}`码`",
        f"{_R}<mark>x</mark>",
        f"{_R}<br>下一行",
        f"| 链接 | 说明 |\n|---|---|\n| {_R}**粗** | 好 |",
        f'<a href="{_R}">{_R}</a>',
        f"<a href='{_R}'>{_R}</a>",
        f'看 <A HREF="{_R}" target="_blank">{_R}</A> 吧',
        f'<a href="{_R}">{_R}',
        f"[{_R}]({_R})",
        f"<{_R}>",
        f"# {_R}",
        f"- {_R}",
        f"> {_R}\n> 好",
        f"![图](https://a.example/1.png){_R}",
        f"{_R}[^1]\n\n[^1]: 以门店为准",
        # Punctuation beside it
        f"{_R}，欢迎",
        f"{_R}。",
        f"{_R}！{'快' * 3}",
        f"{_R}：见下",
        f"{_R}；",
        f"{_R}…",
        f"{_R}——今晚",
        f"{_R}·今晚",
        f"{_R}|报名",
        f"（{_R}）",
        f"({_R})",
        f"({_R}).",
        f"【{_R}】",
        f"《{_R}》",
        f"“{_R}”",
        f'"{_R}"',
        f"'{_R}'",
        f"{_R}, then",
        f"{_R}.",
        f"{_R}!",
        f"{_R}?",
        f"{_R};",
        f"{_R}（今晚）",
        f"{_R}(今晚八点)",
        f"{_R}(see below",
        f"{_R}[微笑]",
        f"{_R}&lt;x",
        f"{_R}&nbsp;x",
        f"{_R}&amp;",
        f"{_R}&copy;，",
        # Letters, emoji, spaces and line ends beside it
        f"链接{_R}",
        f"{_R}报名",
        f"{_R}登録",
        f"{_R}𠮷野家",
        f"{_R}🎉",
        f"{_R}1️⃣",
        f"{_R}\n下一行",
        f"　　{_R}　好",
        f"{_R}\u00a0好",
        f"{_R}\u200b好",
    ],
)
def test_an_address_ends_where_people_see_its_end(body: str) -> None:
    """The link leads to the address alone and shows it, whatever stands beside it."""
    assert _links(body) == [(_R, _R)]


@pytest.mark.parametrize(
    "address",
    [
        "https://zh.wikipedia.org/wiki/A_(b)",
        "https://zh.wikipedia.org/wiki/面霜_(护肤品)",
        "https://zh.wikipedia.org/wiki/面霜",
        "https://a.example/活动/报名页",
        "https://a.example/r?q=面霜&x=1",
        "https://a.example/r?面霜",
        "https://a.example/r#报名",
        "https://例子.中国/路径?页=1",
        "https://贝贝shop.example/a",
        "https://a.例子.example",
        "https://a.example/r?ids[]=1&x=2",
        "https://a.example/{id}/x",
        "https://a.example/x(1).png",
        "https://a.example/a*b",
        "https://a.example/a_b_c",
        "https://a.example/~me/__init__.py",
        "https://a.example/r,b;c:d!e",
        "https://a.example/?u=https://b.example/x",
        "https://en.wikipedia.org/wiki/L'Oréal",
        "https://a.example/café",
        "https://a.example/%E9%9D%A2?a=%20b",
        "https://user@a.example:8080/x",
        "HTTPS://A.example/R",
        "http://localhost:8000/site/",
    ],
)
@pytest.mark.parametrize("body", ["{}", "看 {} 吧", "（{}），好", "**{}**", "- {}\n- 好"])
def test_an_address_is_whole(address: str, body: str) -> None:
    """All that can be part of an address is part of the link."""
    assert _links(body.format(address)) == [(address, address)]


@pytest.mark.parametrize(
    ("body", "addresses"),
    [
        (f"{_R}、{_R}2", [_R, f"{_R}2"]),
        (f"{_R},{_R}2", [_R, f"{_R}2"]),
        (f"{_R}{_R}2", [_R, f"{_R}2"]),
        (f"{_R}\n{_R}2", [_R, f"{_R}2"]),
        (f"{_R}?a=1&amp;b=2", [f"{_R}?a=1&b=2"]),
        (f"{_R}a\\_b\\*c", [f"{_R}a_b*c"]),
        (f"{_R}[文字]({_R}2)", [_R, f"{_R}2"]),
        (f"[文字]({_R}_(b))", [f"{_R}_(b)"]),
        (f"`{_R}`", []),
        (f"```\n{_R}\n```", []),
        (f"![图]({_R}.png)", []),
        ("https://", []),
        ("http://中", []),
        ("见 https:// 开头的链接", []),
        ("https://（见评论）", []),
        ("https://&amp;", []),
        ("https://-", []),
    ],
)
def test_which_addresses_a_text_has(body: str, addresses: list[str]) -> None:
    """Each address is a link of its own; code, pictures and text about addresses have none."""
    assert [address for address, _ in _links(body)] == addresses


def test_text_beside_an_address_keeps_its_markup() -> None:
    """Bold text directly after an address is bold and no part of the address."""
    html = markdown_html(f"报名 {_R}**（今晚八点）**").replace(' rel="noopener nofollow ugc"', "")

    assert html == f'<p>报名 <a href="{_R}">{_R}</a><strong>（今晚八点）</strong></p>'
    assert format_chat(html).text == f"报名 {_R} （今晚八点）"


_PIECES = st.sampled_from(
    [
        *("**", "*", "~~", "_", "`", "(", ")", "[", "]", "（", "）", "，", "。", " ", "\n", "\\_"),
        *("<b>", "</b>", "<mark>", "&amp;", "&lt;", "|", "'", '"', "字", "a", "/", "?", "#", "🎉"),
        *(
            "https://",
            "https://a.example/r",
            "https://例子.中国/",
            "[^1]",
            "{",
            "}",
            "\x02",
            "\x03",
        ),
    ]
)


@given(st.lists(_PIECES, max_size=20).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_link_leads_elsewhere(body: str) -> None:
    """Every link's address is part of the text as typed, without the parser's own marks."""
    try:
        links = _links(body)
    except RenderError:
        return
    typed = unescape(body.replace("\x02", "").replace("\x03", "")).replace("\\", "")

    assert [address for address, _ in links if address not in typed] == []
