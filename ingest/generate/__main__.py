"""Write the generated pages, or with ``--check`` tell which are not up to date."""

import argparse
import sys

from ingest.generate.files import ROOT, files, stale


def main() -> int:
    """Run the command; return its exit code: 1 when ``--check`` finds a stale file."""
    parser = argparse.ArgumentParser(prog="python -m ingest.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not up to date")
    if parser.parse_args().check:
        late = stale(ROOT)
        for name in late:
            print(f"{name} is not up to date: run make generate", file=sys.stderr)
        return 1 if late else 0
    for name, text in files().items():
        (ROOT / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
