"""What `corpus doctor` prints: a line for each check, and the cases that can be sent in."""

import json
from collections.abc import Iterable

import typer

from flows.runs.doctor import Check


def write_checks(checks: Iterable[Check], *, is_json: bool) -> bool:
    """Print checks as they come.

    Args:
        checks: As `diagnose` gives them.
        is_json: As one object, `{"checks": [...]}`, instead of lines for people.
    Returns:
        Whether there is no trouble.
    """
    done = []
    for check in checks:
        done.append(check)
        if not is_json:
            next_step = f"; {check.next_step}" if check.next_step else ""
            typer.echo(f"{check.outcome:8}{check.name}: {check.said}{next_step}")
    if is_json:
        members = ("name", "outcome", "said", "next_step", "case")
        typer.echo(json.dumps({"checks": [{name: getattr(check, name) for name in members} for check in done]}))
    else:
        for number, check in enumerate((check for check in done if check.case), 1):
            typer.echo(f"\nCase {number}, {check.name}:\n{json.dumps(check.case, indent=2, ensure_ascii=False)}")
    return all(check.outcome != "trouble" for check in done)
