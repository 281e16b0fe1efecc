"""`uchet-edge`: the list of its commands. Each lives in its own module, imported only when it is asked for, so `read`
works where no configuration, database or network library does."""

from importlib import import_module

import click

# command -> module and object; one line a command
COMMANDS = {
    "config": "edge.commands:config",
    "doctor": "edge.commands:doctor",
    "read": "edge.read:read",
    "run": "edge.commands:run",
    "status": "edge.commands:status",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.command(cls=_Lazy)
def main() -> None:
    """The concentrator: reads meters, keeps every reading, publishes it until central has it."""
