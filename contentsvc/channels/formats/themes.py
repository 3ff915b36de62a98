"""The visual themes of WeChat articles, each with inline CSS for every element of a post.

WeChat's editor keeps only inline styles and drops elements without content. For this reason,
ornaments are borders and backgrounds of text. Chinese has no italics: emphasis is a dashed line
below the text. Lengths are pixels on a phone's page 375 pixels wide. The contrast between a colour
and its background is at least 4.5 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["STYLES", "ArticleTheme", "Style"]

_SANS = "-apple-system,'PingFang SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif"
_SERIF = "Optima,'Songti SC','Noto Serif CJK SC','Source Han Serif SC',serif"
_MONO = "Menlo,Consolas,'Noto Sans Mono CJK SC',monospace"


class ArticleTheme(StrEnum):
    """A visual theme of an article: the fonts, colours and ornaments of its elements.

    The themes match those of the posters.
    """

    #: Ink on white, thin lines, much air; for knowledge and columns.
    EDITORIAL = "editorial"
    #: Peach and cream, round corners; for families and daily life.
    WARM = "warm"
    #: Black, white and one yellow; for sales and news.
    BOLD = "bold"


@dataclass(frozen=True, slots=True)
class Style:
    """The inline CSS and the ornaments of one article theme. The CSS is stored by element name."""

    elements: Mapping[str, str]
    #: The text that stands for a horizontal rule.
    rule: str
    #: The mark before an item of a nested list.
    inner_mark: str

    def of(self, element: str) -> str:
        """Return the CSS for an element, or an empty string if the theme has none."""
        return self.elements.get(element, "")


def _style(rule: str, inner_mark: str, /, **elements: str) -> Style:
    return Style(
        MappingProxyType({name: " ".join(css.split()) for name, css in elements.items()}),
        rule,
        inner_mark,
    )


_TABLE = "width:100%;border-collapse:collapse;font-size:14px;line-height:1.6"
_SCROLL = "margin:0 0 24px;overflow-x:auto"
_IMAGE = "display:block;box-sizing:border-box;max-width:100%;height:auto;margin:0 auto"

STYLES: Mapping[ArticleTheme, Style] = MappingProxyType(
    {
        ArticleTheme.EDITORIAL: _style(
            "❖",
            "–",
            root=f"""font-family:{_SANS};font-size:16px;line-height:1.75;letter-spacing:.5px;
                color:#33302c;text-align:justify""",
            p="margin:0 0 20px",
            h1="margin:8px 0 36px;text-align:center",
            h1_words=f"""display:inline-block;padding:14px 20px;border-top:1px solid #33302c;
                border-bottom:1px solid #33302c;font-family:{_SERIF};font-size:23px;font-weight:600;
                line-height:1.5;letter-spacing:2px;color:#1f1c19""",
            h2="margin:44px 0 24px;text-align:center",
            h2_words=f"""display:inline-block;padding:0 6px 10px;border-bottom:2px solid #a63d2f;
                font-family:{_SERIF};font-size:20px;font-weight:600;line-height:1.5;
                letter-spacing:2px;color:#1f1c19""",
            h3="margin:32px 0 14px;text-align:left",
            h3_words=f"""font-family:{_SERIF};font-size:17px;font-weight:600;letter-spacing:1px;
                color:#a63d2f""",
            h4="margin:24px 0 10px;text-align:left",
            h4_words="font-size:16px;font-weight:600;color:#1f1c19",
            quote=f"""margin:0 0 24px;padding:2px 0 2px 18px;border-left:1px solid #a63d2f;
                font-family:{_SERIF};color:#6b645c""",
            quote_p="margin:0 0 10px",
            ul="margin:0 0 22px;padding:0 0 0 22px;list-style-type:disc;color:#a63d2f",
            ol="margin:0 0 22px;padding:0 0 0 24px;list-style-type:decimal;color:#a63d2f",
            tasks="margin:0 0 22px;padding:0;list-style-type:none;color:#a63d2f",
            li="margin:0 0 8px",
            li_words="color:#33302c",
            inner="margin:6px 0 0;padding:0 0 0 2px;color:#5d564e;font-size:15px",
            inner_mark="color:#a63d2f",
            scroll=_SCROLL,
            table=f"{_TABLE};border-top:2px solid #33302c;border-bottom:2px solid #33302c",
            th="""word-break:keep-all;
                padding:10px 8px;border-bottom:1px solid #33302c;text-align:left;font-weight:600;
                color:#1f1c19""",
            td="padding:10px 8px;border-bottom:1px solid #e6e0d8;text-align:left",
            figure="margin:8px 0 26px;text-align:center",
            img=_IMAGE,
            caption="""margin:10px 0 0;font-size:13px;line-height:1.5;color:#7a7268;
                text-align:center""",
            missing="""margin:8px 0 26px;padding:28px 16px;border:1px dashed #b8aea2;
                font-size:14px;color:#7a7268;text-align:center""",
            pre=f"""margin:0 0 24px;padding:16px;border:1px solid #e6e0d8;background-color:#faf8f5;
                overflow-x:auto;font-family:{_MONO};font-size:13px;line-height:1.7;
                letter-spacing:0;color:#4a443c;text-align:left;white-space:nowrap""",
            code=f"""padding:2px 5px;background-color:#f4f0ea;font-family:{_MONO};font-size:14px;
                letter-spacing:0;color:#8c3327""",
            strong="font-weight:600;color:#a63d2f",
            em="font-style:normal;border-bottom:1px dashed #a63d2f",
            mark="background-color:#f6e7c8;color:#33302c",
            u="text-decoration:underline",
            struck="text-decoration:line-through;color:#7a7268",
            link="color:#a63d2f;text-decoration:none;border-bottom:1px solid #d9a79f",
            note="font-size:12px;line-height:1;color:#a63d2f",
            rule="margin:36px 0;text-align:center;font-size:14px;letter-spacing:0;color:#a63d2f",
            links="margin:48px 0 0;padding:20px 0 0;border-top:1px solid #d8d1c7",
            links_title=f"""margin:0 0 10px;font-family:{_SERIF};font-size:14px;font-weight:600;
                letter-spacing:2px;color:#6b645c""",
            links_item="""margin:0 0 6px;font-size:12px;line-height:1.6;letter-spacing:0;
                color:#7a7268;text-align:left;word-break:break-all""",
        ),
        ArticleTheme.WARM: _style(
            "· · ·",
            "◦",
            root=f"""font-family:{_SANS};font-size:16px;line-height:1.75;letter-spacing:.5px;
                color:#4a3f3a;text-align:justify""",
            p="margin:0 0 20px",
            h1="margin:4px 0 32px;text-align:center",
            h1_words="""display:block;padding:24px 18px;border-radius:20px;background-color:#ffeee2;
                font-size:22px;font-weight:700;line-height:1.5;letter-spacing:1px;color:#a8431d""",
            h2="margin:40px 0 20px;text-align:left",
            h2_words="""display:inline-block;padding:6px 18px;border-radius:4px 18px 18px 18px;
                background-color:#c2491d;font-size:17px;font-weight:600;line-height:1.6;
                letter-spacing:1px;color:#ffffff""",
            h3="margin:30px 0 14px;text-align:left",
            h3_words="""padding:0 2px 3px;border-bottom:6px solid #ffdcc6;font-size:17px;
                font-weight:600;line-height:1.4;color:#a8431d""",
            h4="margin:24px 0 10px;text-align:left",
            h4_words="font-size:16px;font-weight:600;color:#a8431d",
            quote="""margin:0 0 24px;padding:18px 18px 10px;border-radius:16px;
                background-color:#fff6ef;color:#6d5245""",
            quote_p="margin:0 0 8px",
            ul="margin:0 0 22px;padding:0 0 0 22px;list-style-type:disc;color:#d9622f",
            ol="margin:0 0 22px;padding:0 0 0 24px;list-style-type:decimal;color:#c2491d",
            tasks="margin:0 0 22px;padding:0;list-style-type:none;color:#c2491d",
            li="margin:0 0 8px",
            li_words="color:#4a3f3a",
            inner="margin:6px 0 0;color:#6d5d55;font-size:15px",
            inner_mark="color:#d9622f",
            scroll=f"{_SCROLL};border:1px solid #fbd9c3;border-radius:14px",
            table=_TABLE,
            th="""word-break:keep-all;
                padding:11px 12px;background-color:#ffeee2;text-align:left;font-weight:600;
                color:#a8431d""",
            td="padding:11px 12px;border-top:1px solid #fbe6d8;text-align:left",
            figure="margin:8px 0 26px;text-align:center",
            img=f"{_IMAGE};border-radius:16px",
            caption="""margin:10px 0 0;font-size:13px;line-height:1.5;color:#8a6f62;
                text-align:center""",
            missing="""margin:8px 0 26px;padding:28px 16px;border:2px dashed #f3b795;
                border-radius:16px;background-color:#fffaf6;font-size:14px;color:#8f5a3f;
                text-align:center""",
            pre=f"""margin:0 0 24px;padding:16px;border-radius:14px;background-color:#fff6ef;
                overflow-x:auto;font-family:{_MONO};font-size:13px;line-height:1.7;
                letter-spacing:0;color:#7a3f22;text-align:left;white-space:nowrap""",
            code=f"""padding:2px 6px;border-radius:6px;background-color:#ffeee2;
                font-family:{_MONO};font-size:14px;letter-spacing:0;color:#a8431d""",
            strong="font-weight:600;color:#b8471c",
            em="font-style:normal;border-bottom:1px dashed #d9622f",
            mark="padding:0 2px;border-radius:4px;background-color:#ffe3a3;color:#4a3f3a",
            u="text-decoration:underline",
            struck="text-decoration:line-through;color:#7d675b",
            link="color:#b8471c;text-decoration:none;border-bottom:1px solid #f0b08d",
            note="font-size:12px;line-height:1;color:#b8471c",
            rule="margin:32px 0;text-align:center;font-weight:700;letter-spacing:6px;color:#d9622f",
            links="""margin:44px 0 0;padding:18px 18px 12px;border-radius:16px;
                background-color:#faf5f1""",
            links_title="margin:0 0 8px;font-size:14px;font-weight:600;color:#a8431d",
            links_item="""margin:0 0 6px;font-size:12px;line-height:1.6;letter-spacing:0;
                color:#7d675b;text-align:left;word-break:break-all""",
        ),
        ArticleTheme.BOLD: _style(
            "/ / /",
            "▪",
            root=f"""font-family:{_SANS};font-size:16px;line-height:1.75;letter-spacing:.5px;
                color:#222222;text-align:justify""",
            p="margin:0 0 20px",
            h1="margin:4px 0 32px;text-align:left",
            h1_words="""display:block;padding:0 0 0 16px;border-left:10px solid #ffd60a;
                font-size:26px;font-weight:800;line-height:1.4;letter-spacing:0;color:#000000""",
            h2="margin:44px 0 22px;padding:0;border-bottom:3px solid #111111;text-align:left",
            h2_words="""display:inline-block;padding:6px 16px 5px;background-color:#111111;
                font-size:18px;font-weight:700;line-height:1.5;letter-spacing:1px;color:#ffd60a""",
            h3="margin:32px 0 14px;text-align:left",
            h3_words="""padding:3px 8px;background-color:#ffd60a;font-size:16px;font-weight:700;
                line-height:1.6;color:#111111""",
            h4="margin:24px 0 10px;text-align:left",
            h4_words="font-size:16px;font-weight:700;color:#111111",
            quote="""margin:0 0 24px;padding:16px 18px 8px;border:2px solid #111111;
                border-left-width:8px;font-weight:500;color:#222222""",
            quote_p="margin:0 0 8px",
            ul="margin:0 0 22px;padding:0 0 0 22px;list-style-type:square;color:#111111",
            ol="""margin:0 0 22px;padding:0 0 0 26px;list-style-type:decimal;font-weight:800;
                color:#111111""",
            tasks="margin:0 0 22px;padding:0;list-style-type:none;color:#111111",
            li="margin:0 0 8px",
            li_words="font-weight:400;color:#222222",
            inner="margin:6px 0 0;font-weight:400;color:#444444;font-size:15px",
            inner_mark="color:#8a6d00",
            scroll=_SCROLL,
            table=f"{_TABLE};border:2px solid #111111",
            th="""word-break:keep-all;
                padding:10px;border:1px solid #111111;background-color:#ffd60a;text-align:left;
                font-weight:700;color:#111111""",
            td="padding:10px;border:1px solid #cfcfcf;text-align:left",
            figure="margin:8px 0 26px;text-align:center",
            img=f"{_IMAGE};border:2px solid #111111",
            caption="margin:10px 0 0;font-size:13px;line-height:1.5;color:#666666;text-align:left",
            missing="""margin:8px 0 26px;padding:28px 16px;border:2px dashed #111111;
                background-color:#fffbe6;font-size:14px;color:#444444;text-align:center""",
            pre=f"""margin:0 0 24px;padding:16px;background-color:#1b1b1b;overflow-x:auto;
                font-family:{_MONO};font-size:13px;line-height:1.7;letter-spacing:0;color:#f5f1d8;
                text-align:left;white-space:nowrap""",
            code=f"""padding:2px 5px;background-color:#f0f0f0;font-family:{_MONO};font-size:14px;
                letter-spacing:0;color:#111111""",
            strong="padding:0 2px;background-color:#fff0a3;font-weight:700;color:#111111",
            em="font-style:normal;border-bottom:1px dashed #111111",
            mark="padding:0 2px;background-color:#ffd60a;color:#111111",
            u="text-decoration:underline",
            struck="text-decoration:line-through;color:#767676",
            link="color:#111111;text-decoration:none;border-bottom:2px solid #ffd60a",
            note="font-size:12px;line-height:1;font-weight:700;color:#8a6d00",
            rule="margin:32px 0;text-align:center;font-weight:800;letter-spacing:0;color:#111111",
            links="margin:44px 0 0;padding:16px 0 0;border-top:3px solid #111111",
            links_title="margin:0 0 8px;font-size:14px;font-weight:700;color:#111111",
            links_item="""margin:0 0 6px;font-size:12px;line-height:1.6;letter-spacing:0;
                color:#666666;text-align:left;word-break:break-all""",
        ),
    }
)
