"""The error that is raised for a template or a brand kit with faults."""

from __future__ import annotations

from contentsvc.errors import Problem, RenderError
from contentsvc.messages import LANGUAGES, Message

__all__ = ["TemplateError"]


class TemplateError(RenderError):
    """Raised if a template or a brand kit has faults, and so cannot be used for posters."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        """Create the error with all *problems* of *file*, so that they can be fixed together."""
        self.file = file
        self.problems = problems
        super().__init__(Message.given(**{language: self.text(language) for language in LANGUAGES}))

    def text(self, language: str = "en") -> str:
        """Return one line per problem, in *language*, with the file, line number and field."""
        return "\n".join(f"{self.file}: {problem.text(language)}" for problem in self.problems)
