from __future__ import annotations

from pathlib import Path

import pytest

from contentsvc.errors import RenderError
from contentsvc.posters import (
    Library,
    TemplateError,
    list_templates,
    load_brand,
    load_template,
    parse_template,
)


def problems(text: str) -> list[str]:
    with pytest.raises(TemplateError) as caught:
        parse_template(text, "broken.yaml")
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("size: 40", "sise: 40", "line 10: layers[1].sise: there is no such key; allowed: align,"),
        (
            "type: text,",
            "type: txt,",
            "line 10: layers[1]: no such layer type; allowed: rect, ticket",
        ),
        ("type: text, ", "", "line 10: layers[1]: every layer needs a type"),
        ("size: 40", "size: big", "line 10: layers[1].size: must be a whole number"),
        (
            "field: title,",
            "field: titel,",
            "line 10: layers[1]: there is no field 'titel'; available",
        ),
        ("field: title,", 'text: "{who}",', "line 10: layers[1]: there is no field 'who'"),
        ("min: 20", "fill: blood", "layers[1]: the palette has no colour 'blood'; it has accent"),
        ('"#222222"', "pale", "line 7: palette.ink: 'pale' is not a shade of a colour"),
        ("min: 20", "fill: '#12'", "layers[1].fill: must match the pattern"),
        ("min: 20", "fill: {stops: [ink]}", "layers[1].fill.stops"),
        ("fill: white", "field: title", "layers[0].field: there is no such key; allowed: box,"),
        ("max: 20", "max: many", "line 6: fields.title.max: must be a whole number"),
        ("max: 20", "max: 5, ideal: 9", "fields.title.ideal: ideal is 9, above max 5"),
        ("required: true", "type: picture", "fields.title.type: must be one of text, list"),
        ("zh: 素, ", "", "line 3: name.zh: is required"),
        ("version: 1", "version: 2", "version: must be at most 1, not 2"),
        ("size: [400, 300]", "size: [400, 9]", "line 4: size[1]: must be at least 64, not 9"),
        ("{id: title", "{id: ground", "layers[0].id: two layers have the id 'ground'"),
        ("9x16: {size", "9x16: {hide: [tite], size", "variants.9x16.hide.tite: no layer has"),
    ],
)
def test_a_fault_of_a_template_has_its_line_and_field(
    plain_text: str, old: str, new: str, expected: str
) -> None:
    """The error names the file, line, field and what is allowed."""
    source = plain_text.lstrip("\n").replace("id: plain", "id: plain\nversion: 1")
    assert old in source

    lines = problems(source.replace(old, new, 1))

    assert any(line.startswith("broken.yaml: ") and expected in line for line in lines), lines


def test_a_fault_in_a_variant_has_the_path_in_the_variant(plain_text: str) -> None:
    """An unknown key that a variant sets is reported under that variant."""
    text = plain_text + "  1x1: {size: [300, 300], set: {title: {boxes: [1, 2, 3, 4]}}}\n"

    lines = problems(text)

    assert lines[0].startswith("broken.yaml: line 13: variants.1x1.set.title.boxes: there is no")


def test_lettering_outside_the_safe_area_is_a_fault(plain_text: str) -> None:
    """Lettering must stay inside the margins of each variant."""
    text = plain_text.replace("fields:", "safe: [30, 0, 0, 0]\nfields:", 1)

    assert "is not inside the safe area" in problems(text)[0]


def test_all_problems_are_reported_together(plain_text: str) -> None:
    """One error has every problem of the file."""
    text = plain_text.replace("size: 40", "sise: 40").replace("fill: white", "full: white")

    assert len(problems(text)) >= 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a template is a mapping"),
        ("- a\n- b", "a template is a mapping"),
        ("a: [1", "this is not YAML"),
        ("a: &x [1]\nb: *x", "line 1: anchors and aliases (& and *) are not allowed"),
        ("a: !!python/object/apply:os.system [ls]", "tags (!) are not allowed"),
        ("[" * 30 + "]" * 30, "deeper than 20 levels"),
        ("#" * 300_000, "the file has 300,000 bytes; 262,144 are allowed"),
    ],
)
def test_hostile_yaml_is_refused(text: str, expected: str) -> None:
    """Tags, aliases, deep nesting and large files are refused before anything is built."""
    assert expected in problems(text)[0]


def test_the_first_folder_with_a_template_wins(tmp_path: Path, plain_text: str) -> None:
    """A team's own template replaces a shipped template of the same name."""
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    for folder, name in ((own, "我的"), (shipped, "原来的")):
        folder.mkdir()
        text = plain_text.replace("zh: 素", f"zh: {name}")
        (folder / "plain.yaml").write_text(text, encoding="utf-8")

    loaded = load_template("plain", [own, shipped])
    listed, faults = list_templates([own, shipped, tmp_path / "none"])

    assert loaded.name.zh == "我的"
    assert [template.name.zh for template in listed] == ["我的"]
    assert faults == []


def test_one_broken_file_leaves_the_others_usable(tmp_path: Path, plain_text: str) -> None:
    """Listing returns the valid templates, and an error for each broken file."""
    (tmp_path / "plain.yaml").write_text(plain_text, encoding="utf-8")
    (tmp_path / "other.yaml").write_text(plain_text, encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes(b"id: \xff")

    listed, faults = list_templates([tmp_path])

    assert [template.id for template in listed] == ["plain"]
    assert "both must be the same" in str(faults[1])
    assert "cannot be read" in str(faults[0])


@pytest.mark.parametrize("name", ["nobody", "../../etc/passwd", ""])
def test_an_unknown_template_lists_the_known_ones(posters_folder: Path, name: str) -> None:
    """A name is only compared with the files of the folders, never used as a path."""
    with pytest.raises(RenderError, match="live-notice"):
        load_template(name, [posters_folder])


def test_a_fault_of_a_brand_kit_has_its_line_and_field(tmp_path: Path) -> None:
    """Faults of a brand kit are reported like those of a template."""
    path = tmp_path / "brand.yaml"
    path.write_text("name: 好\npalette:\n  ink: red\ncolour: x\n", encoding="utf-8")

    with pytest.raises(TemplateError) as caught:
        load_brand(path)

    assert "line 3: palette.ink" in str(caught.value)
    assert "line 4: colour: there is no such key; allowed: fonts, footer, logo" in str(caught.value)


def test_a_library_reads_a_file_again_only_if_it_changed(tmp_path: Path, plain_text: str) -> None:
    """An unchanged file gives the same object; a broken one becomes an error."""
    path = tmp_path / "plain.yaml"
    path.write_text(plain_text, encoding="utf-8")
    library = Library([tmp_path])
    first = library.load("plain")

    assert library.load("plain") is first
    assert library.list() == ([first], [])
    path.write_text(plain_text.replace("Plain", "Plainer"), encoding="utf-8")
    assert library.load("plain").name.en == "Plainer"
    path.write_text("id: plain\n", encoding="utf-8")
    templates, faults = library.list()
    assert templates == []
    assert "plain.yaml" in str(faults[0])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("size: 40", "size: big", "第 9 行：layers[1].size: 应是整数，不能是“big”"),
        ("size: 40", "size: [1]", "layers[1].size: 应是整数，不能是“[…]”"),
        ("type: text, ", "", "layers[1]: 每个图层都要写 type"),
        ("zh: 素, ", "", "name.zh: 必填"),
        ("zh: 素", f"zh: {'素' * 90}", "name.zh: 最多 80 个字"),
        ("zh: 素", "zh: ''", "name.zh: 至少 1 个字"),
        ("[20, 20, 360, 60]", "[20, 20, 0, 60]", "layers[1].box[2]: 应大于 0，不能是 0"),
        ("field: title,", "field: title, text: x,", "layers[1]: 文字要么写 field"),
        ("min: 20", "vertical: true, plate: {fill: ink}", "layers[1]: 竖排文字不能有 plate"),
        ("required: true", "required: perhaps", "应是 true 或 false，不能是“perhaps”"),
        ("fields:", "elements: [party]\nfields:", "elements[0]: 只能是 "),
    ],
)
def test_faults_have_a_chinese_text(plain_text: str, old: str, new: str, expected: str) -> None:
    """Faults found by pydantic and by the template's own checks have a Chinese text."""
    assert old in plain_text

    with pytest.raises(TemplateError) as caught:
        parse_template(plain_text.lstrip("\n").replace(old, new, 1), "broken.yaml")

    assert expected in caught.value.message.text("zh")
