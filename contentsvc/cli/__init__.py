"""The `contentsvc` command. Each command is in a module of its own and loaded when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from contentsvc.cli.failures import explain

__all__ = ["cli", "main"]


@dataclass(frozen=True, slots=True)
class _Late:
    """A command that is imported when it is called."""

    #: `module:name`.
    place: str
    help: str


_COMMANDS = {
    "up": _Late("running:up", "Run everything on this machine until Ctrl-C."),
    "web": _Late("running:web", "Run the web server alone."),
    "dispatch": _Late("running:dispatch", "Run a dispatcher alone."),
    "worker": _Late("running:worker", "Run one worker."),
    "valkey": _Late("running:valkey", ""),
    "calendars": _Late("calendars:calendars", "Import, export and stamp calendar files."),
    "channels": _Late("channels:channels", "Configure the places that are published to."),
    "plugins": _Late("plugins:plugins", "List, write and check plugins."),
    "deliveries": _Late("deliveries:deliveries", "Look at deliveries and decide about some."),
    "posters": _Late("posters:posters", "Make posters from templates."),
    "users": _Late("users:users", "Add the people who sign in."),
    "db": _Late("database:db", "Migrate or back up the database."),
    "doctor": _Late("doctor:doctor", "Show what is in force, and what is wrong."),
}


class LateGroup(click.Group):
    """Imports a command's module only when the command is called: the help stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands' names in the order in which people meet them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command; None where there is none of that name."""
        late = _COMMANDS.get(cmd_name)
        if late is None:
            return None
        module, _, name = late.place.partition(":")
        command = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands."""
        rows = [(name, late.help) for name, late in _COMMANDS.items() if late.help]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _tie(_context: click.Context, _parameter: click.Parameter, value: int | None) -> None:
    if value is not None:
        from contentsvc.processes import die_with_parent

        die_with_parent(value)


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="contentsvc", message="contentsvc %(version)s")
@click.option("--parent", type=int, hidden=True, is_eager=True, expose_value=False, callback=_tie)
def cli() -> None:
    """Weekly content calendars, rendered for each channel by plugins and published on time.

    Settings are environment variables named CONTENTSVC_…; `contentsvc doctor --settings` lists
    them.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 it worked, 1 it found something wrong, 2 it could not begin."""
    # Chinese reaches a terminal or a pipe of whatever locale.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        status = cli.main(arguments, prog_name="contentsvc", standalone_mode=False)
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does; nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except (Exception, KeyboardInterrupt) as error:
        lines, status = explain(error)
        for line in lines:
            click.echo(line, err=True)
        if not lines:
            raise
    sys.exit(status if isinstance(status, int) else 0)
