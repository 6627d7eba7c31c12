"""A program: one of several API processes over one home and one broker; its model never ends.

``python -m tests.api.one_of_several PORT``, with settings in the environment.
"""

import sys

import uvicorn

from api.app import create_app
from data.settings import Settings
from data.stores import open_stores
from tests.api.conftest import Service


def main() -> None:
    settings = Settings()
    with open_stores(settings) as stores:
        service = Service(settings, stores, workspace="", key="", shares_limits=True)
        service.find("doc-1")
        service.model.hangs = True
        app = create_app(settings, service.lifespan)
        uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")


if __name__ == "__main__":
    main()
