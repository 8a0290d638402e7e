"""A To-Do List: the application that the agent's documentation and tests watch.

It knows nothing of telemetry. Run it bare, then under the agent, and compare:

    flask run -p 5000
    opentelemetry-instrument --traces_exporter console --service_name todo flask run -p 5000
"""

import logging
import os
import sqlite3

from flask import Flask, g, redirect, render_template_string, request

DESCRIPTION_LENGTH_MAX = 256

logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(name)s:%(message)s")
log = logging.getLogger("todo")

app = Flask(__name__)
app.config["DATABASE"] = os.environ.get("TODO_DATABASE", "todo.sqlite3")

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>To-Do List</title>
<h1>To-Do List</h1>
{% if message %}<p role="alert">{{ message }}</p>{% endif %}
<form action="/add" method="post">
  <input name="task" maxlength="{{ length_max }}" required autofocus aria-label="New task">
  <button>Add</button>
</form>
<ul>
{% for task in tasks %}
  <li>{{ task["description"] }}
    <form action="/delete/{{ task["id"] }}" method="post" style="display: inline">
      <button>Delete</button>
    </form>
  </li>
{% endfor %}
</ul>
</html>
"""


def database():
    """This request's connection; SQLite itself keeps concurrent requests apart."""
    if "database" not in g:
        g.database = sqlite3.connect(app.config["DATABASE"], timeout=10)
        g.database.row_factory = sqlite3.Row
        g.database.execute(
            "CREATE TABLE IF NOT EXISTS task ("
            " id INTEGER PRIMARY KEY,"
            f" description VARCHAR({DESCRIPTION_LENGTH_MAX}) NOT NULL)"
        )
    return g.database


@app.teardown_appcontext
def close_database(_error):
    connection = g.pop("database", None)
    if connection is not None:
        connection.close()


def page(message=None):
    tasks = database().execute("SELECT id, description FROM task ORDER BY id").fetchall()
    log.info("Fetched %d tasks from the database", len(tasks))
    return render_template_string(
        PAGE, tasks=tasks, message=message, length_max=DESCRIPTION_LENGTH_MAX
    )


@app.get("/")
def home():
    return page()


@app.post("/add")
def add():
    description = request.form.get("task", "").strip()
    if not description:
        return page("A task needs a description."), 400
    if len(description) > DESCRIPTION_LENGTH_MAX:
        return page(f"A task has at most {DESCRIPTION_LENGTH_MAX} characters."), 400
    with database() as connection:
        connection.execute("INSERT INTO task (description) VALUES (?)", (description,))
    log.info("Added new task with description: %s", description)
    return redirect("/")


# The page deletes by POST; GET is kept for links of old.
@app.route("/delete/<int:task_id>", methods=["GET", "POST"])
def delete(task_id):
    with database() as connection:
        deleted = connection.execute("DELETE FROM task WHERE id = ?", (task_id,)).rowcount
    if deleted:
        log.info("Deleted task with ID: %d", task_id)
    else:
        log.warning("Task with ID %d not found", task_id)
    return redirect("/")
