"""Structured logs: one JSON object a line, on standard error."""

import logging
import sys

import structlog

from data.settings import LogSettings

SHARED = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


def configure_logs(settings: LogSettings) -> None:
    """Send what the standard library's loggers are told to standard error, as JSON lines.

    Ids that are bound with ``structlog.contextvars`` (request, job) are in every line.
    """
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level)
    # Addresses of requests hold ids, and a line for every ring is noise.
    for name in ("httpx", "httpcore", "chromadb", "alembic", "celery.app.trace"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
