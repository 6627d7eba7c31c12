"""What sections of settings are made of."""

from typing import Annotated

from pydantic import BaseModel, Field

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel, frozen=True, extra="forbid"):
    """A group of settings handed whole to the one class that uses it."""
