"""A model for each library, as OpenAI's clients list them."""

from typing import Literal

from api.schemas.common import ResponseModel
from data.errors import ModelNotFound
from data.libraries import DEFAULT
from data.records import Library

# The default library's; the others are named behind a slash.
FOOTNOTE = "footnote"


def library_named(model: str) -> str:
    """Return the name of the library that a model stands for, or raise ``ModelNotFound``."""
    family, slash, library = model.partition("/")
    if family != FOOTNOTE or (slash and not library):
        raise ModelNotFound
    return library or DEFAULT


class ModelBody(ResponseModel):
    """A library that can be asked."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["footnote"] = "footnote"

    @classmethod
    def of(cls, library: Library) -> "ModelBody":
        """Return the model of a library."""
        name = FOOTNOTE if library.name == DEFAULT else f"{FOOTNOTE}/{library.name}"
        return cls(id=name, created=int(library.created_at.timestamp()))


class ModelsBody(ResponseModel):
    """The models that a key may ask."""

    object: Literal["list"] = "list"
    data: list[ModelBody]
