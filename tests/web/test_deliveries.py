"""Deliveries: listed with what waits first, shown with attempts, settled by a person."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from contentsvc.db.models import Attempt, Delivery, DeliveryPart, RenditionRow
from contentsvc.domain.deliveries import DeliveryStatus, Outcome
from contentsvc.services.runtime import Runtime
from tests.web.people import NOW, Person

_DOCUMENT = {"title": "", "text": "一段", "html": "", "data": {}, "warnings": [], "pictures": []}


@pytest.fixture
def delivery(runtime: Runtime, sample: str) -> int:
    """Return a delivery that was rendered and tried once."""
    with runtime.database.write() as session:
        session.add(RenditionRow(hash="whole", document=_DOCUMENT, created_at=NOW))
        row = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert row is not None
        row.rendition_hash = "whole"
        session.add(
            Attempt(
                delivery_id=row.id,
                number=1,
                fence=1,
                worker="host:1",
                started_at=NOW,
                finished_at=NOW,
                outcome=Outcome.UNKNOWN,
                message="connection reset <b>by peer</b>",
            )
        )
        return row.id


def _set(runtime: Runtime, delivery: int, status: DeliveryStatus) -> None:
    with runtime.database.write() as session:
        session.execute(
            update(Delivery).where(Delivery.id == delivery).values(status=status, error="why")
        )


def _status(runtime: Runtime, delivery: int) -> DeliveryStatus:
    with runtime.database.read() as session:
        return session.get_one(Delivery, delivery).status


def test_what_waits_for_a_person_stands_first(mei: Person, runtime: Runtime, delivery: int) -> None:
    """The list begins with what needs attention, and the navigation counts it."""
    _set(runtime, delivery, DeliveryStatus.UNKNOWN)

    page = mei.text("/deliveries/")

    assert "需要处理" in page
    assert '<span class="count">1<' in page


def test_a_filter_shows_only_what_fits(mei: Person, runtime: Runtime, delivery: int) -> None:
    """The list filters by status, channel and calendar; an invalid filter is ignored."""
    _set(runtime, delivery, DeliveryStatus.FAILED)
    address = f'href="/deliveries/{delivery}"'

    assert address in mei.text("/deliveries/?status=failed&channel=site&calendar=baby-benefits")
    assert address not in mei.text("/deliveries/?status=missed")
    assert address not in mei.text("/deliveries/?channel=elsewhere")
    assert mei.get("/deliveries/?status=strange&before=x").status_code == 200


def test_a_delivery_shows_its_attempts(mei: Person, runtime: Runtime, delivery: int) -> None:
    """The page shows the times, the outcome and the platform's message as text."""
    page = mei.text(f"/deliveries/{delivery}")

    assert "connection reset &lt;b&gt;by peer" in page
    assert "结果未知" in page
    assert "host:1" in page


@pytest.mark.parametrize(
    ("resolution", "status"),
    [
        ("out", DeliveryStatus.PUBLISHED),
        ("send-again", DeliveryStatus.RETRYING),
        ("drop", DeliveryStatus.FAILED),
    ],
)
def test_an_unknown_delivery_is_settled(
    mei: Person, runtime: Runtime, delivery: int, resolution: str, status: DeliveryStatus
) -> None:
    """A person records the outcome of an unknown delivery."""
    _set(runtime, delivery, DeliveryStatus.UNKNOWN)
    assert "再发一次" in mei.text(f"/deliveries/{delivery}")

    response = mei.post(f"/deliveries/{delivery}/resolve", {"resolution": resolution})

    assert response.status_code == 303
    assert _status(runtime, delivery) is status


@pytest.mark.parametrize("data", [{"resolution": "maybe"}, {"resolution": "out", "url": "x:y"}])
def test_a_wrong_resolution_changes_nothing(
    mei: Person, runtime: Runtime, delivery: int, data: dict[str, str]
) -> None:
    """An invalid outcome or address is refused."""
    _set(runtime, delivery, DeliveryStatus.UNKNOWN)

    assert mei.post(f"/deliveries/{delivery}/resolve", data).status_code == 422
    assert _status(runtime, delivery) is DeliveryStatus.UNKNOWN


def test_a_missed_delivery_is_planned_again(mei: Person, runtime: Runtime, delivery: int) -> None:
    """A delivery can be planned for now or for a time of the calendar, not for the past."""
    _set(runtime, delivery, DeliveryStatus.MISSED)
    address = f"/deliveries/{delivery}/plan-again"

    assert mei.post(address, {"at": "2026-11-01T10:00"}).status_code == 422
    assert mei.post(address, {"at": "soon"}).status_code == 422
    assert mei.post(address, {"at": "2026-11-28T10:00"}).status_code == 303

    with runtime.database.read() as session:
        row = session.get_one(Delivery, delivery)
    assert row.status is DeliveryStatus.PLANNED
    assert row.due_at.isoformat() == "2026-11-28T02:00:00+00:00"


def test_there_is_no_such_delivery(mei: Person) -> None:
    """An unknown number is a 404."""
    assert mei.get("/deliveries/4711").status_code == 404


def test_a_published_post_is_retracted(mei: Person, runtime: Runtime, delivery: int) -> None:
    """A published post has a button that deletes it, and the attempt is recorded by name."""
    address = f"/deliveries/{delivery}/retract"
    before = mei.text(f"/deliveries/{delivery}")
    refused = mei.post(address)
    with runtime.database.write() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.id == delivery)
            .values(status=DeliveryStatus.PUBLISHED, published_at=NOW, receipt={"id": "0" * 16})
        )

    shown = mei.text(f"/deliveries/{delivery}")
    response = mei.post(address)
    after = mei.text(f"/deliveries/{delivery}")

    assert f'action="{address}"' not in before
    assert refused.status_code == 422
    assert "不能撤回这条内容" in refused.text
    assert f'action="{address}"' in shown
    assert response.location == f"/deliveries/{delivery}"
    assert f'action="{address}"' not in after
    assert "已撤回" in after
    assert "· mei" in after
    assert mei.post("/deliveries/999999/retract").status_code == 404


def test_a_person_decides_about_the_part_that_the_page_showed(
    mei: Person, runtime: Runtime, delivery: int
) -> None:
    """The page names the part; a page that is older than the next part changes nothing."""
    _set(runtime, delivery, DeliveryStatus.UNKNOWN)
    with runtime.database.write() as session:
        session.add(RenditionRow(hash="part", document=_DOCUMENT, created_at=NOW))
        session.flush()
        for number in (1, 2, 3):
            receipt = {"id": "m1", "url": None} if number == 1 else None
            session.add(
                DeliveryPart(
                    delivery_id=delivery, number=number, rendition_hash="part", receipt=receipt
                )
            )
        session.execute(
            update(Delivery).where(Delivery.id == delivery).values(part_count=3, parts_out=1)
        )
    address = f"/deliveries/{delivery}"

    page = mei.text(address)
    stale = mei.post(f"{address}/resolve", {"resolution": "out", "part": "1"})
    told = mei.post(f"{address}/resolve", {"resolution": "drop", "part": "2"})

    assert '<input type="hidden" name="part" value="2">' in page
    assert "第 2 段已发布，继续发布其余" in page
    assert "放弃其余" in page
    assert stale.status_code == 422
    assert told.status_code == 303
    assert _status(runtime, delivery) is DeliveryStatus.PUBLISHED
