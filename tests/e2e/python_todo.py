"""The To-Do List as an application that uses OpenTelemetry's API by hand; for test_agent_python.py.

    flask --app python_todo run -p 5000
"""
import logging
import os
import sqlite3

from flask import Flask, redirect, request
from opentelemetry import metrics, trace

logging.basicConfig(level=logging.INFO)
log = logging.getLogger("todo")
app = Flask(__name__)
tracer = trace.get_tracer("todo.tracer", "1.0")
meter = metrics.get_meter("todo.meter")
requests_total = meter.create_counter("flask_app_requests_total", description="Requests")
tasks_total = meter.create_up_down_counter("flask_app_tasks_total", unit="{task}")


def database():
    connection = sqlite3.connect(os.environ["TODO_DATABASE"], timeout=10)
    connection.execute("CREATE TABLE IF NOT EXISTS task (id INTEGER PRIMARY KEY, description TEXT)")
    return connection


@app.get("/")
def home():
    requests_total.add(1, {"endpoint": "home"})
    with tracer.start_as_current_span("querying_tasks") as span:
        tasks = database().execute("SELECT description FROM task").fetchall()
        span.set_attribute("tasks.count", len(tasks))
        log.info("Fetched %d tasks from the database", len(tasks))
    return ", ".join(task[0] for task in tasks)


@app.post("/add")
def add():
    requests_total.add(1, {"endpoint": "add"})
    with tracer.start_as_current_span("adding_task"):
        with database() as connection:
            connection.execute("INSERT INTO task (description) VALUES (?)", (request.form["task"],))
        tasks_total.add(1)
        log.info("Added new task with description: %s", request.form["task"])
    return redirect("/")


@app.get("/delete/<int:task_id>")
@tracer.start_as_current_span("deleting_task")
def delete(task_id):
    trace.get_current_span().set_attribute("task.id", task_id)
    with database() as connection:
        if not connection.execute("DELETE FROM task WHERE id = ?", (task_id,)).rowcount:
            log.warning("Task with ID %d not found", task_id)
    return redirect("/")


@app.get("/fail")
def fail():
    trace.get_current_span().set_attribute("who", "the server's span")
    with tracer.start_as_current_span("failing"):
        raise ValueError("boom")
