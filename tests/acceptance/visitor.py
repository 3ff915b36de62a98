"""A person with a browser window on the application and its sample week."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Flask
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request
from sqlalchemy import select, update

from contentsvc.db.models import Attempt, Delivery, Entry
from contentsvc.domain.deliveries import DeliveryStatus, Outcome
from contentsvc.domain.weeks import IsoWeek
from contentsvc.messages import Message
from contentsvc.services.runtime import Runtime
from tests.acceptance.by_hand import HandQueue
from tests.web.people import token_in

__all__ = ["PASSWORD", "WEEK", "Site", "Visitor", "delivery_in_doubt", "entry_at"]

PASSWORD = "eight-or-more"
WEEK = IsoWeek.parse("2026-W48")


@dataclass
class Site:
    """The running application, for a browser."""

    url: str
    app: Flask
    runtime: Runtime
    queue: HandQueue


@dataclass
class Visitor:
    """A browser window, and the faults that must not occur in it."""

    context: BrowserContext
    page: Page
    site: Site
    #: Requests to another host, console errors, page errors and CSP violations.
    faults: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Record every fault of *page*."""
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.site.url, "data:", "blob:", "about:")):
            self.faults.append(f"left the machine: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        # The browser itself logs the status of a refused form to the console, and of a picture that
        # the studio was too busy to paint.
        refused = "Failed to load resource" in message.text and any(
            code in message.text for code in ("409", "413", "422", "503")
        )
        # htmx cancels a request for a poster when a newer request replaces it.
        cancelled = message.text in {"htmx:sendAbort", "htmx:afterRequest"}
        if message.type in {"error", "warning"} and not refused and not cancelled:
            self.faults.append(f"console: {message.text}")

    def open(self, path: str) -> Page:
        """Open the page at *path* and return it."""
        self.page.goto(self.site.url + path)
        return self.page

    def submit(self, opener: Locator) -> None:
        """Click a button or link that opens a page, and wait until that page has loaded."""
        with self.page.expect_navigation():
            opener.click()

    def take_session(self) -> None:
        """Sign in as the admin without loading a page, by a client that has no browser."""
        client = self.site.app.test_client()
        token = token_in(client.get("/sign-in").get_data(as_text=True))
        who = {"csrf_token": token, "name": "mei", "password": PASSWORD}
        assert client.post("/sign-in", data=who).status_code == 302
        cookie = client.get_cookie("contentsvc")
        assert cookie is not None
        self.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": self.site.url, "httpOnly": True}]
        )

    def sign_in(self) -> None:
        """Sign in as the admin by the form."""
        self.open("/sign-in")
        self.page.fill("[name=name]", "mei")
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("form[action='/sign-in'] button")
        self.page.wait_for_url(lambda url: "sign-in" not in url)


def entry_at(visitor: Visitor, **where: str | int) -> Entry:
    """Return the entry of the sample week whose columns have these values."""
    with visitor.site.runtime.database.read() as session:
        query = select(Entry).filter_by(week=str(WEEK), deleted_at=None, **where)
        return session.scalars(query.order_by(Entry.id)).one()


def delivery_in_doubt(visitor: Visitor) -> Delivery:
    """Set the first delivery of the week to an unknown outcome, and return it."""
    with visitor.site.runtime.database.write() as session:
        delivery = session.scalars(
            select(Delivery).where(Delivery.status == DeliveryStatus.PUBLISHED).limit(1)
        ).one()
        session.execute(
            update(Delivery)
            .where(Delivery.id == delivery.id)
            .values(
                status=DeliveryStatus.UNKNOWN,
                in_doubt=True,
                receipt=None,
                published_at=None,
                error=Message("attempt-worker-lost"),
            )
        )
        session.execute(
            update(Attempt)
            .where(Attempt.delivery_id == delivery.id)
            .values(outcome=Outcome.UNKNOWN, message="the connection was cut")
        )
    return delivery
