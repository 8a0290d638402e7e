"""flask --app flask_app.py run -p PORT"""
import flask

app = flask.Flask(__name__)
LARGE = b"0123456789abcdef" * 65536


@app.route("/hello")
def hello():
    print("a word on stdout", flush=True)
    return "hello\n"


@app.route("/large")
def large():
    return flask.Response(LARGE)


@app.route("/chunked")
def chunked():
    return flask.Response(iter(("one", "two", "three")))


@app.route("/length", methods=["POST"])
def length():
    return f"{len(flask.request.get_data())}\n"
