"""The Celery application. It has no address of its own: its door sets it."""

from celery import Celery

QUEUE = "footnote"
RUN_SLICE = "footnote.run_slice"

app = Celery("footnote")
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_default_queue=QUEUE,
    task_create_missing_queues=False,
    task_queues={QUEUE: {"exchange": QUEUE, "routing_key": QUEUE}},
    # A ring that is lost is the reconciler's to repeat; one that is kept would come twice.
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    # Loading the model takes longer than the four seconds that are the default; on a busy
    # machine very much longer.
    worker_proc_alive_timeout=180,
    # A fresh child now and then gives back what leaked. One that indexes has 370 MB at its most,
    # with the model that comes along; the bound (in KB, looked at after each slice) leaves room
    # for large ones.
    worker_max_tasks_per_child=2000,
    worker_max_memory_per_child=4_000_000,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "retry_on_timeout": True,
    },
)
