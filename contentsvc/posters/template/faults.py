"""What can be wrong with a template, told with its place."""

from __future__ import annotations

from contentsvc.errors import Problem, RenderError

__all__ = ["TemplateError"]


class TemplateError(RenderError):
    """A poster template, or a brand kit, has faults and cannot be painted from."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        """Keep every problem of *file*, so that its author can mend them all at once."""
        self.file = file
        self.problems = problems
        super().__init__("\n".join(f"{file}: {problem}" for problem in problems))
