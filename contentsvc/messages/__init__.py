"""Messages for people: a stable code, its parameters, and a text in each language.

The texts are in `en/*.toml` and `zh/*.toml` beside this file, a file per topic. A text names its
parameters in braces, as `str.format` does::

    title-too-long = "the title has {used} characters; at most {most} are allowed"
"""

from contentsvc.messages.catalogue import LANGUAGES, catalogue
from contentsvc.messages.message import Message, Parameter, Phrases, text_of

__all__ = ["LANGUAGES", "Message", "Parameter", "Phrases", "catalogue", "text_of"]
