"""Write the page that lists every setting."""

from schemas.settings import SETTINGS, Setting

_HEAD = """\
# Settings

Generated from `schemas/settings.py` by `make generate`; a test fails when it is not up to date.

flowrun is set by environment variables. An empty one counts as unset. `NAME_FILE` names a file that holds the value of
`NAME` (for secrets that are mounted as files); only one of the two may be set. Secrets are never shown, logged or part
of an error. All mistakes are listed together at the start, and the exit code is 2. `flowrun config` shows the effective
settings and where each comes from.

| setting | default | what it is | what it prevents |
|---|---|---|---|
"""


def page() -> str:
    """Return the page as Markdown."""
    return _HEAD + "".join(_row(setting) for setting in SETTINGS)


def _row(setting: Setting) -> str:
    default = f"`{setting.default}`" if setting.default is not None else "unset"
    secret = " Secret." if setting.secret else ""
    cells = (f"`{setting.name}`", default, setting.doc + secret, setting.prevents)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"
