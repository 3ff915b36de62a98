"""The error for a template or a brand kit that has faults."""

from __future__ import annotations

from contentsvc.errors import Problem, RenderError
from contentsvc.messages import LANGUAGES, Message

__all__ = ["TemplateError"]


class TemplateError(RenderError):
    """A poster template or a brand kit has faults, so no poster can be painted from it."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        """Create the error with all *problems* of *file*, to be fixed together."""
        self.file = file
        self.problems = problems
        super().__init__(Message.given(**{language: self.text(language) for language in LANGUAGES}))

    def text(self, language: str = "en") -> str:
        """Return a line per problem in *language*, each with the file, its line and its field."""
        return "\n".join(f"{self.file}: {problem.text(language)}" for problem in self.problems)
