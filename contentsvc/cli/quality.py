"""The lines with which `contentsvc plugins check` shows a plugin's quality."""

from __future__ import annotations

from collections.abc import Iterator

from contentsvc.channels.hosting import Assessment, Finding

__all__ = ["quality_lines"]


def quality_lines(found: Assessment, *, show_rules: bool = False) -> Iterator[str]:
    """Yield the tier that a plugin reaches and what is missing for the next one.

    With *show_rules*, yield the state of every rule first.
    """
    if show_rules:
        for finding in found.findings:
            yield from _lines(finding, finding.state.value)
    yield f"  quality   {found.tier or 'below bronze'}"
    following = found.next_tier
    if following is None:
        return
    yield f"  for {following}:"
    for finding in found.missing(following):
        yield from _lines(finding, "missing")


def _lines(finding: Finding, state: str) -> Iterator[str]:
    rule = finding.rule
    by = "checked by the program" if rule.check else "declared by the author"
    yield f"    {state:<15} {rule.name}: {rule.sentence} ({by})"
    answer = finding.answer
    if answer is not None:
        words = [answer.exempt, ", ".join(answer.evidence)]
        yield f"    {'':<15}   {'; '.join(word for word in words if word)}"
    for reason in finding.reasons:
        yield f"    {'':<15}   {reason}"
