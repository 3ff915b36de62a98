"""Calendars and their files: made, changed, imported, written back."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from contentsvc.services.calendar_settings import all_calendars, get_calendar
from contentsvc.services.runtime import Runtime
from tests.web.people import WEEK, Person

FORM = {
    "name": "露营兴趣群",
    "slug": "camping",
    "timezone": "Asia/Shanghai",
    "kind": "interest",
    "tier": "2",
    "tags": "有车，有娃",
    "slots": "早安 08:30\n夜聊 21:00",
    "channels": "site",
}


def test_a_calendar_is_made_and_changed(mei: Person, sample: str, runtime: Runtime) -> None:
    """The calendar gets the values of the form."""
    assert mei.post("/new-calendar", FORM).location == "/calendars/camping"
    changed = {**FORM, "name": "城市露营", "slots": "早安 09:00"}
    assert mei.post("/calendars/camping/edit", changed).status_code == 303

    with runtime.database.read() as session:
        calendar = get_calendar(session, "camping")
    assert calendar.name == "城市露营"
    assert calendar.slots == [["早安", "09:00"]]
    assert calendar.community_tags == ["有车", "有娃"]
    assert calendar.community_tier == 2


def test_a_brand_is_chosen(mei: Person, sample: str, runtime: Runtime) -> None:
    """The form lists the brands by their own names and stores the chosen brand."""
    assert mei.post("/new-calendar", {**FORM, "brand": "qinghe"}).status_code == 303

    with runtime.database.read() as session:
        assert get_calendar(session, "camping").brand == "qinghe"
    page = mei.text("/calendars/camping/edit")
    assert '<option value="qinghe" selected>青禾鲜选</option>' in page
    assert '<option value="">默认品牌</option>' in page


def test_a_brand_that_is_not_there_is_refused(mei: Person, sample: str) -> None:
    """The message lists the existing brands, and the typed values stay in the form."""
    response = mei.post("/new-calendar", {**FORM, "brand": "nobody"})

    assert response.status_code == 422
    page = response.get_data(as_text=True)
    assert "没有品牌“nobody”，现有：qinghe、yuguang" in page
    assert "露营兴趣群" in page


def test_a_file_of_an_unknown_brand_is_refused(
    mei: Person, sample: str, calendars_dir: Path
) -> None:
    """A calendar with an unknown brand is not imported."""
    text = (calendars_dir / "baby-benefits.yaml").read_text(encoding="utf-8")
    (calendars_dir / "other.yaml").write_text(f"brand: nobody\n{text}", encoding="utf-8")

    response = mei.post("/calendar-files/other.yaml/import", {"week": WEEK})

    assert response.status_code == 422
    assert "qinghe、yuguang" in response.get_data(as_text=True)


def test_quiet_hours_and_quotas_are_kept(mei: Person, sample: str, runtime: Runtime) -> None:
    """The form shows the stored values again."""
    pacing = {"quiet": "22:00-08:00", "quotas": "site 3 -"}
    assert mei.post("/new-calendar", {**FORM, **pacing}).status_code == 303

    with runtime.database.read() as session:
        calendar = get_calendar(session, "camping")
    assert (calendar.quiet, calendar.quotas) == ("22:00-08:00", {"site": {"day": 3, "month": None}})
    page = mei.text("/calendars/camping/edit")
    assert "22:00-08:00" in page
    assert "site 3 -" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Not A Slug"),
        ("name", " "),
        ("timezone", "Mars/Base"),
        ("slots", "早安"),
        ("slots", "早安 25:00"),
        ("quiet", "22:00"),
        ("quotas", "site three"),
        ("quotas", "site 1 2\nsite 3 4"),
        ("slots", "早安 08:30\n早安 09:30"),
        ("slots", ""),
        ("kind", "secret"),
        ("channels", "nowhere"),
    ],
)
def test_a_wrong_calendar_comes_back_filled(
    mei: Person, sample: str, runtime: Runtime, field: str, value: str
) -> None:
    """The error is shown beside its field and no calendar is created."""
    response = mei.post("/new-calendar", {**FORM, field: value})

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert f'id="error-{field}"' in page
    with runtime.database.read() as session:
        assert [calendar.slug for calendar in all_calendars(session)] == [sample]


def test_a_short_name_is_taken_once(mei: Person, sample: str) -> None:
    """A new calendar never overwrites another."""
    assert mei.post("/new-calendar", {**FORM, "slug": sample}).status_code == 409


def test_the_page_tells_the_line_of_a_mistake(mei: Person, sample: str) -> None:
    """A broken file is listed with its problem; the template can be stamped."""
    page = mei.text("/calendars/")

    assert "broken.yaml" in page
    assert "有错误" in page
    assert re.search(r"第 \d+ 行", page)
    assert 'action="/calendar-files/baby-benefits.yaml/import"' in page
    assert 'action="/calendar-files/broken.yaml/import"' not in page


def test_a_template_is_stamped_by_one_click(mei: Person, sample: str) -> None:
    """The chosen week gets the template's entries."""
    response = mei.post("/calendar-files/baby-benefits.yaml/import", {"week": "2026-W50"})

    assert response.location == f"/calendars/{sample}?week=2026-W50"
    assert "card-entry" in mei.text(response.location)


def test_a_broken_file_is_not_imported(mei: Person, sample: str) -> None:
    """The problems of the file are shown and no entry is imported."""
    response = mei.post("/calendar-files/broken.yaml/import", {"week": "2026-W50"})

    assert response.status_code == 422
    assert "没有导入任何内容" in response.get_data(as_text=True)


@pytest.mark.parametrize("name", ["..%2Fsecret.yaml", "nothing.yaml", ".hidden.yaml"])
def test_no_file_outside_the_folder_is_read(mei: Person, sample: str, name: str) -> None:
    """A file name outside of the folder, or of no file, is refused."""
    assert mei.post(f"/calendar-files/{name}/import").status_code in {404, 422}


def test_a_file_from_ones_machine_is_imported(
    mei: Person, sample: str, calendars_dir: Path
) -> None:
    """An upload is imported to the chosen week; a broken one lists its lines."""
    content = (calendars_dir / "baby-benefits.yaml").read_bytes()

    def send(body: bytes) -> TestResponse:
        data = {"file": (io.BytesIO(body), "mine.yaml"), "week": "2026-W51"}
        return mei.post("/calendar-files/upload", data)

    assert send(content).location == f"/calendars/{sample}?week=2026-W51"
    assert send(b"calendar: [").status_code == 422
    assert send(b"\xff\xfe\x00").status_code == 422
    assert mei.post("/calendar-files/upload", {}).status_code == 400


def test_a_week_is_written_back(mei: Person, sample: str, calendars_dir: Path) -> None:
    """The export writes a file to the folder, and the download has the same text."""
    mei.post(f"/calendars/{sample}/export", {"week": WEEK})

    written = (calendars_dir / f"{sample}-{WEEK}.yaml").read_text(encoding="utf-8")
    assert f"week: {WEEK}" in written
    assert mei.text(f"/calendars/{sample}/file?week={WEEK}") == written


def test_a_file_with_changes_of_its_own_is_not_written_over(
    mei: Person, sample: str, calendars_dir: Path
) -> None:
    """The conflict is shown with a button that replaces the file."""
    path = calendars_dir / f"{sample}-{WEEK}.yaml"
    path.write_text("calendar: mine\n", encoding="utf-8")

    mei.post(f"/calendars/{sample}/export", {"week": WEEK})

    page = mei.text(f"/calendars/{sample}?week={WEEK}")
    assert "替换文件" in page
    assert path.read_text(encoding="utf-8") == "calendar: mine\n"
    mei.post(f"/calendars/{sample}/export", {"week": WEEK, "overwrite": "yes"})
    assert f"week: {WEEK}" in path.read_text(encoding="utf-8")


def test_a_plugins_template_is_stamped_by_one_click(mei: Person, sample: str) -> None:
    """A plugin's template is listed beside the files, and the chosen week gets its entries."""
    address = "/calendar-templates/festivals/double-12.yaml/stamp"
    page = mei.text("/calendars/")

    response = mei.post(address, {"week": "2026-W50"})

    assert "插件提供的模板" in page
    assert "双12 返场群" in page
    assert f'action="{address}"' in page
    assert response.location == "/calendars/festival-double-12?week=2026-W50"
    assert "card-entry" in mei.text(response.location)


def test_a_template_that_no_plugin_brings_is_not_found(mei: Person, sample: str) -> None:
    """Only registered templates of plugins are read."""
    response = mei.post("/calendar-templates/festivals/other.yaml/stamp", {"week": "2026-W50"})

    assert response.status_code == 404
