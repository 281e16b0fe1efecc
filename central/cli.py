"""`uchet-central`: the list of commands. Each is imported when it is called, so one broken room stops no other."""

import importlib
from pathlib import Path

import click

from central import logs
from central.config import DEFAULT_PATH, ConfigError, Log

# command -> module:function, a click command that gets the path of the configuration as its context's object
COMMANDS = {
    "migrate": "central.migrations.command:migrate",
    "ingest": "central.serve:ingest",
    "worker": "central.serve:worker",
    "web": "central.serve:web",
    "serve": "central.serve:serve",
    "replay": "central.ingest.replay:replay",
    "discard": "central.ingest.replay:discard",
    "jobs": "central.jobs.commands:jobs",
    "series": "central.timeseries.commands:series",
    "backup": "central.backup.commands:backup",
    "restore": "central.backup.commands:restore",
    "audit": "central.audits.cli:audit",
    "actions": "central.actions.cli:actions",
    "organisation": "central.registry.commands:organisation",
    "scheme": "central.registry.commands:scheme",
    "user": "central.accounts.commands:user",
    "command": "central.commands.cli:command",
    "search": "central.registry.search.index:search",
    "registry": "central.registry.exchange.cli:registry",
    "config": "central.concentrators.cli:config",
    "push": "central.push.commands:push",
    "doctor": "central.operation.doctor.command:doctor",
}


class Commands(click.Group):
    """The table above as a click group. A wrong configuration is one line and exit code 2."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except ConfigError as error:
            click.echo(f"uchet-central: {error}", err=True)
            raise SystemExit(2) from None


@click.group(cls=Commands)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=DEFAULT_PATH,
    envvar="UCHET_CENTRAL_CONFIG",
    show_default=True,
    help="The configuration.",
)
@click.option("--verbose", is_flag=True, help="Log details too.")
@click.pass_context
def main(context: click.Context, config: Path, verbose: bool) -> None:
    """The server of Uchet: takes readings in, keeps them, shows them."""
    logs.setup(Log(), verbose)  # a program does so again, as its configuration says
    context.obj = config
