"""The `contentsvc` command. Each subcommand has its own module, imported when it is called."""

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
class _LazyCommand:
    """The help text of a command, and where to import the command from when it is called."""

    #: Where the command is defined: `module:name`.
    target: str
    help: str


_COMMANDS = {
    "up": _LazyCommand("running:up", "Run everything on this machine until Ctrl-C."),
    "web": _LazyCommand("running:web", "Run the web server alone."),
    "dispatch": _LazyCommand("running:dispatch", "Run one dispatcher."),
    "worker": _LazyCommand("running:worker", "Run one worker."),
    "valkey": _LazyCommand("running:valkey", ""),
    "calendars": _LazyCommand("calendars:calendars", "Import, export and stamp calendar files."),
    "channels": _LazyCommand("channels:channels", "Configure channels and send test messages."),
    "plugins": _LazyCommand("plugins:plugins", "List, create and check plugins."),
    "deliveries": _LazyCommand(
        "deliveries:deliveries", "Show deliveries and settle unknown outcomes."
    ),
    "posters": _LazyCommand("posters:posters", "Render posters from templates."),
    "users": _LazyCommand("users:users", "Add users and print sign-in links."),
    "secrets": _LazyCommand("secret_keys:secrets", "Replace the secret key."),
    "db": _LazyCommand("database:db", "Migrate, back up or restore the database."),
    "doctor": _LazyCommand(
        "doctor:doctor", "Show the settings in force and check the installation."
    ),
}


class LazyGroup(click.Group):
    """A click group that imports a command's module only when the command is called.

    The help texts are in this module, so that `contentsvc --help` imports no command.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the commands, in the order in which the help lists them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command *cmd_name*; None if there is no such command."""
        lazy = _COMMANDS.get(cmd_name)
        if lazy is None:
            return None
        module, _, name = lazy.target.partition(":")
        command = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands for the help; commands without a help text are left out."""
        rows = [(name, lazy.help) for name, lazy in _COMMANDS.items() if lazy.help]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _die_with(_context: click.Context, _parameter: click.Parameter, value: int | None) -> None:
    if value is not None:
        from contentsvc.processes import die_with_parent

        die_with_parent(value)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="contentsvc", message="contentsvc %(version)s")
@click.option(
    "--parent", type=int, hidden=True, is_eager=True, expose_value=False, callback=_die_with
)
def cli() -> None:
    """Weekly content calendars, rendered for each channel by plugins and published on time.

    Settings are environment variables named CONTENTSVC_…; `contentsvc doctor --settings` lists
    them.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the `contentsvc` command with *arguments*, and end the process.

    The exit status is 0 if the command succeeded, 1 if it found a problem, and 2 if it could not
    do its work. *arguments* are by default those of the process.
    """
    # Without this, the titles of processes overwrite the environment in /proc/PID/environ.
    os.environ.setdefault("SPT_NOENV", "1")
    # The output contains Chinese, whatever the locale.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        status = cli.main(arguments, prog_name="contentsvc", standalone_mode=False)
    except BrokenPipeError:
        # The reader of the output has closed the pipe, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except (Exception, KeyboardInterrupt) as error:
        lines, status = explain(error)
        for line in lines:
            click.echo(line, err=True)
        if not lines:
            raise
    sys.exit(status if isinstance(status, int) else 0)
