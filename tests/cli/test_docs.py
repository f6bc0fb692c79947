"""``docs/cli.md`` is the help of every command, word for word.

Write it anew with ``python tests/cli/test_docs.py > docs/cli.md``.
"""

from pathlib import Path

import click

from charz.cli import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
HEAD = """# The command line

What `charz COMMAND --help` says. Rows go to stdout, talk and progress to stderr.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | an error, told in two lines: what is wrong, and its remedy |
| 2 | wrong usage |
| 3 | a check found something |
| 130 | interrupted; what is done is kept |
"""


def page():
    """Return the whole page."""
    return HEAD + "".join(sections(main, "charz", None))


def sections(command, path, parent):
    """Yield the help of a command, then of those under it."""
    ctx = click.Context(
        command,
        info_name=path.split()[-1],
        parent=parent,
        terminal_width=80,
        help_option_names=["-h", "--help"],
    )
    lines = (line.rstrip() for line in command.get_help(ctx).splitlines())
    yield f"\n## {path}\n\n```\n" + "\n".join(lines) + "\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            yield from sections(command.get_command(ctx, name), f"{path} {name}", ctx)


def test_the_page_is_what_the_commands_say():
    assert PAGE.read_text(encoding="utf-8") == page(), "python tests/cli/test_docs.py > docs/cli.md"


if __name__ == "__main__":
    print(page(), end="")
