# syntax=docker/dockerfile:1
# One image for the API, the workers and the migration; docker-compose.yml shows the commands.
# The Python that the tests run on; bookworm's glibc 2.36 is new enough for every wheel.
ARG PYTHON=3.11.15-slim-bookworm

FROM python:${PYTHON} AS build
# On Linux, PyPI's torch brings several GB of CUDA along. This index has the CPU build of the
# same version; for a GPU: --build-arg TORCH_INDEX= (empty: PyPI, as for everything else)
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
RUN python -m venv /opt/venv
WORKDIR /app
COPY requirements.lock ./
# hadolint ignore=DL3013
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install ${TORCH_INDEX:+--index-url "${TORCH_INDEX}"} "$(grep '^torch==' requirements.lock)" \
    && pip install -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY api ./api
COPY data ./data
COPY ingestion ./ingestion
COPY retrieval ./retrieval
COPY workers ./workers
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --no-deps -e . && python -m compileall -q api data ingestion retrieval workers
# The embedding model is converted here, so that a container starts at once and offline.
RUN FOOTNOTE_HOME=/var/lib/footnote python -c \
    "from data.settings import Settings as S; from retrieval.converted import ensure; ensure(S().embedder, S().folder)"

FROM python:${PYTHON}
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /var/lib/footnote footnote \
    && install -d -o footnote -g footnote -m 0700 \
        /var/lib/footnote /var/lib/footnote/blobs /var/lib/footnote/lexical /tmp/metrics
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
COPY --from=build --chown=footnote:footnote /var/lib/footnote/models /var/lib/footnote/models
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    FOOTNOTE_HOME=/var/lib/footnote \
    PROMETHEUS_MULTIPROC_DIR=/tmp/metrics
WORKDIR /app
# By its number, so that Kubernetes can see that it is not root.
USER 10001
EXPOSE 8000
# Live, not ready: a container that waits for its database must not be restarted for it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["uvicorn", "api.app:create_app", "--factory", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--timeout-graceful-shutdown", "5", "--no-access-log", \
     "--loop", "api.loop:EagerLoop", "--http", "api.protocol:BoundedProtocol", \
     "--ws-max-size", "1048576", "--ws-per-message-deflate", "false"]
