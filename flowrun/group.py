"""Make groups of commands that name what there is when a command is missing or misspelt."""

import click


class Group(click.Group):
    """Refuse an unknown command with the names of those there are."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first argument.

        Raises:
            click.UsageError: there is none of that name; the message lists what there is.
        """
        names = self.list_commands(ctx)
        if args[0] not in names and not args[0].startswith("-"):
            raise click.UsageError(f"No such command {args[0]!r}: there are {', '.join(names)}", ctx)
        return super().resolve_command(ctx, args)
