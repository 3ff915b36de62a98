"""Bodies of many kinds, as people and attackers write them, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["bodies", "texts"]

_PIECES = [
    *(
        "# ",
        "### ",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "    - ",
        "> ",
        "> > ",
        "**",
        "*",
        "~~",
        "`",
        "```\n",
    ),
    *(
        "| a | b | c |\n|---|:-:|--:|\n| 1 | 2 | 3 |\n",
        "---\n\n",
        "- [x] ",
        "#话题 ",
        "#a#",
        "【",
        "】",
    ),
    *(
        "[回放](https://a.example/r?a=1&b=2)",
        "[x](https://mp.weixin.qq.com/s/a)",
        "https://a.example/x ",
    ),
    *(
        "![图](https://a.example/1.png)",
        '![图](https://mmbiz.qpic.cn/1 "题注")',
        "[写信](mailto:a@b.example)",
    ),
    *(
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "<b style='x' onclick=x class=a id=b>",
    ),
    *(
        "<a href='https://mp.weixin.qq.com.evil.example/'>",
        "<img src=x onerror=y>",
        "<u>",
        "<mark>",
    ),
    *(
        "<td style=x>",
        "<ul><li>",
        "<blockquote>",
        "](",
        "](javascript:x)",
        "<@all>",
        "<font color=red>",
    ),
    *(
        "\u202e",
        "\u200b",
        "\x00",
        "\x07",
        "👨‍👩‍👧‍👦",
        "🇨🇳🇨🇳",
        "1️⃣",
        "❤️‍🔥",
        "👋🏻",
        "𠮷",
        "é",
        "字",
        "早安，大家好。",
    ),
    # Text that acts as markup only together with the next element.
    *(
        "[&lt;](javascript:x)",
        "[@all](javascript:x)",
        "[\\*](javascript:x)",
        "[\\]](javascript:x)",
        "(javascript:x)",
        "<a href='mailto:&lt;@all>'>",
        "![&lt;@all>](https://a.example/1.png)",
        "<img alt='&lt;font color=red>【'>",
        "[【](https://a.example/【)",
        "`【`",
        "&#93;",
        "&#40;",
        "\\*",
        "\\]",
        "</a>",
        "</b>",
        "@all",
    ),
    *('"', "'", "&", "&lt;", "<", ">", 'style="', "url(javascript:x)", "expression(1)"),
]
_PIECE = st.sampled_from(_PIECES) | st.text(max_size=6)

#: Markdown.
bodies = st.lists(_PIECE, max_size=40).map("".join)
#: Text with everything that must not be divided: addresses and grapheme clusters.
texts = st.lists(
    st.sampled_from(
        [*_PIECES, "\n\n", "。", "，", "word ", "字" * 30, "https://a.example/" + "x" * 60]
    )
    | st.text(max_size=8),
    max_size=60,
).map("".join)
