"""Read the rules file, or take the built-in rules; list every mistake in it, and apply nothing of a bad one."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, get_args

from processors.watch.durations import DAY_MS, written
from processors.watch.rule_book import FlowSettings, RuleBook, WindowSettings, built_in
from processors.watch.rules import KINDS, OrgFailures, Rule
from processors.watch.rules.rule import RuleHead
from processors.watch.toml_lines import Path as Place
from processors.watch.toml_lines import line_of, lines_of
from schemas.alert import Severity
from schemas.settings import parse_duration

__all__ = ["RuleBook", "RuleMistake", "RulesInvalid", "built_in", "load", "parse"]

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
MATCHED: Final = ("flow_id", "flow_name", "org_id", "sandbox_name")
OWN_LABELS: Final = ("alertname", *MATCHED, "severity", "error_code")
HEAD: Final = ("name", "kind", "severity", "match")
MAX_WINDOW_MS: Final = 31 * DAY_MS

Table = Mapping[str, object]


class RuleMistake(NamedTuple):
    """Name one mistake: where it is, and what is allowed."""

    file: str
    line: int
    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.problem}"


class RulesInvalid(Exception):
    """The rules file cannot be used. ``mistakes`` holds all of them, in the order of the file."""

    def __init__(self, mistakes: Sequence[RuleMistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, mistakes)))


def load(path: Path | None) -> RuleBook:
    """Read a rules file; ``None`` means the built-in rules.

    Raises:
        RulesInvalid: with every mistake in it.
    """
    if path is None:
        return built_in()
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise RulesInvalid([RuleMistake(str(path), 1, "file", problem)]) from error
    except UnicodeDecodeError as error:
        raise RulesInvalid([RuleMistake(str(path), 1, "file", "is not UTF-8 text")]) from error
    return parse(text, str(path))


def parse(text: str, file: str) -> RuleBook:
    """Read the text of a rules file. Without any ``[[rule]]`` the built-in rules stay.

    Raises:
        RulesInvalid: with every mistake in it; ``file`` names it there.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        number = int(line[1]) if line else text.count("\n") + 1
        raise RulesInvalid([RuleMistake(file, number, "syntax", f"is not TOML: {error}")]) from error
    mistakes = _Mistakes(file, lines_of(text))
    book = _book(_Section(content, (), mistakes))
    if mistakes.found:
        raise RulesInvalid(sorted(mistakes.found, key=lambda mistake: mistake.line))
    return book


class _Mistakes:
    def __init__(self, file: str, lines: dict[Place, int]) -> None:
        self.found: list[RuleMistake] = []
        self._file = file
        self._lines = lines

    def add(self, place: Place, problem: str) -> None:
        self.found.append(RuleMistake(self._file, line_of(self._lines, place), _dotted(place), problem))


def _dotted(place: Place) -> str:
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part + 1}]"
            continue
        text += ("." if text else "") + (part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"')
    return text


class _Section:
    """One table of the file. Reads its values; notes what is wrong and goes on with a default."""

    def __init__(self, table: Table, place: Place, mistakes: _Mistakes) -> None:
        self.table = table
        self._place = place
        self._mistakes = mistakes

    def wrong(self, key: str, problem: str) -> None:
        self._mistakes.add((*self._place, key) if key else self._place, problem)

    def only(self, *allowed: str) -> None:
        for key in self.table:
            if key not in allowed:
                self.wrong(key, f"is not known here; allowed: {', '.join(allowed)}")

    def section(self, key: str) -> "_Section":
        value = self.table.get(key, {})
        if not isinstance(value, dict):
            self.wrong(key, "must be a table")
            value = {}
        return _Section(value, (*self._place, key), self._mistakes)

    def sections(self, key: str) -> list["_Section"]:
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
            self.wrong(key, f"must be written as [[{key}]]")
            return []
        return [_Section(table, (*self._place, key, index), self._mistakes) for index, table in enumerate(value)]

    def text(self, key: str) -> str | None:
        value = self.table.get(key)
        if value is None or (isinstance(value, str) and value):
            return value
        self.wrong(key, f"must be a text that is not empty, not {_shown(value)}")
        return None

    def texts(self) -> dict[str, str]:
        for key, value in self.table.items():
            if not isinstance(value, str):
                self.wrong(key, f"must be a text, not {_shown(value)}")
        return {key: value for key, value in self.table.items() if isinstance(value, str)}

    def duration(self, key: str, default_ms: int, *, at_most: int | None = None) -> int:
        """Return a duration in milliseconds; a mistake is noted, and the default stands in for it."""
        value = self.table.get(key)
        if value is None:
            return default_ms
        try:
            duration = parse_duration(value if isinstance(value, str) else "")
        except ValueError as error:
            self.wrong(key, f"{error}, not {_shown(value)}")
            return default_ms
        if at_most is not None and duration > at_most:
            self.wrong(key, f"must be at most {written(at_most)}, not {_shown(value)}")
            return default_ms
        return duration

    def has(self, key: str) -> bool:
        return key in self.table

    def number(self, key: str, default: float, *, at_most: float) -> float:
        value = self.table.get(key)
        if value is None:
            return default
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= at_most:
            return float(value)
        self.wrong(key, f"must be a number above 0 and at most {at_most:g}, not {_shown(value)}")
        return default

    def count(self, key: str, default: int, *, at_most: int = 10_000) -> int:
        value = self.table.get(key, default)
        if type(value) is int and 1 <= value <= at_most:
            return value
        self.wrong(key, f"must be a whole number from 1 to {at_most}, not {_shown(value)}")
        return default


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _book(file: _Section) -> RuleBook:
    file.only("window", "rule", "flow")
    window = _window(file.section("window"))
    tables = file.sections("rule")
    rules = [rule for table in tables if (rule := _rule(table)) is not None]
    _refuse_repeated_names(tables)
    flows = file.section("flow")
    settings = {flow_id: _flow(flows.section(flow_id)) for flow_id in flows.table}
    if "rule" not in file.table:
        return RuleBook(window, built_in().rules, settings, built_in().org_rules)
    of_orgs = tuple(rule for rule in rules if isinstance(rule, OrgFailures))
    return RuleBook(window, tuple(rule for rule in rules if not isinstance(rule, OrgFailures)), settings, of_orgs)


def _window(section: _Section) -> WindowSettings:
    section.only("size", "final_after", "grace", "idle")
    default = WindowSettings()
    size_ms = section.duration("size", default.size_ms, at_most=MAX_WINDOW_MS)
    return WindowSettings(
        size_ms,
        str(section.table.get("size", default.size)),
        section.duration("final_after", default.final_after_ms),
        section.duration("grace", default.grace_ms),
        section.duration("idle", default.idle_ms),
    )


def _flow(section: _Section) -> FlowSettings:
    section.only("name", "every", "labels")
    labels = section.section("labels")
    for key in labels.table:
        if key in OWN_LABELS:
            labels.wrong(key, f"is set by flowrun itself, as are {', '.join(OWN_LABELS)}; choose another")
    every_ms = section.duration("every", 0) or None
    return FlowSettings(section.text("name"), every_ms, labels.texts())


def _rule(section: _Section) -> Rule | OrgFailures | None:
    name = section.table.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    head = _head(section)
    if kind is not None:
        section.only(*HEAD, *kind.parameters)
        return kind.read(head, section)
    known = ", ".join(KINDS)
    if name is None:
        section.wrong("kind", f"is missing; allowed: {known}")
    else:
        section.wrong("kind", f"must be one of {known}, not {_shown(name)}")
    return None


def _head(section: _Section) -> RuleHead:
    name = section.table.get("name")
    if name is None:
        section.wrong("name", "is missing; every rule needs a name of its own")
    elif not isinstance(name, str) or not re.fullmatch(r"[^|\s][^|\x00-\x1f]{0,99}", name):
        section.wrong("name", f'must be a text of at most 100 characters without "|", not {_shown(name)}')
    elif name.startswith("platform:"):
        section.wrong("name", 'must not begin with "platform:", which stands for the alerts of the platform itself')
    match = section.section("match")
    match.only(*MATCHED)
    return RuleHead(str(name), _severity(section), match.texts())


def _severity(section: _Section) -> Severity:
    value = section.table.get("severity", "warning")
    for severity in SEVERITIES:
        if severity == value:
            return severity
    section.wrong("severity", f"must be one of {', '.join(SEVERITIES)}, not {_shown(value)}")
    return "warning"


def _refuse_repeated_names(sections: Sequence[_Section]) -> None:
    seen: set[str] = set()
    for section in sections:
        name = section.table.get("name")
        if isinstance(name, str):
            if name in seen:
                section.wrong("name", f"{_shown(name)} is the name of an earlier rule too; names must differ")
            seen.add(name)
