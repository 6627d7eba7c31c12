"""The libraries, as models of an OpenAI-compatible service."""

from fastapi import APIRouter

from api.dependencies import ReaderDep, StateDep
from api.routes.responses import COMMON, errors
from api.schemas.models import FOOTNOTE, ModelBody, ModelsBody, library_named
from data.errors import LibraryNotFound, ModelNotFound

router = APIRouter(prefix="/v1/models", tags=["OpenAI-compatible"], responses=COMMON)

# OpenAI's list has no pages; a library beyond it is still asked by its name.
MOST_LISTED = 1000


@router.get("")
async def list_models(key: ReaderDep, state: StateDep) -> ModelsBody:
    """Return the models, the default library's first."""
    newest = state.stores.libraries.newest
    listed = await state.lanes.catalogue.run(newest, key.workspace, MOST_LISTED, None)
    models = [ModelBody.of(library) for library in listed.items]
    return ModelsBody(data=sorted(models, key=lambda model: model.id != FOOTNOTE))


@router.get("/{model:path}", responses=errors(404))
async def get_model(model: str, key: ReaderDep, state: StateDep) -> ModelBody:
    """Return a model by its name: `footnote`, or `footnote/` and a library's name."""
    names = (library_named(model),)
    try:
        [library] = await state.lanes.catalogue.run(
            state.stores.libraries.named, key.workspace, names
        )
    except LibraryNotFound as error:
        raise ModelNotFound from error
    return ModelBody.of(library)
