"""The HTTP clients: each asks eight times, with its requests' numbers in their targets."""
import pathlib
import subprocess

APPS = pathlib.Path(__file__).parent / "apps" / "clients"
COUNT = 8


def java(directory, port):
    subprocess.run(["javac", "-d", directory, APPS / "Ask.java"], check=True, timeout=120)
    return ["java", "-Xmx64m", "-XX:-UsePerfData", "-cp", directory, "Ask", port]


def curl(directory, port):
    (directory / "body").write_bytes(b"0123456789abcdef" * 65536)
    url = f"http://127.0.0.1:{port}"
    words = ["curl", "-sS", "-o", "/dev/null"]
    for path in ("/hello?n=0", "/missing?n=1", "/large?n=2", "/chunked?n=3"):
        words += [f"{url}{path}"]
    words += ["--next", "-sS", "--data-binary", "@body", f"{url}/length?n=4", "--next", "-sS", f"{url}/hello?n=5"]
    words += ["--next", "-sS", "--data-binary", "@body", "-H", "Transfer-Encoding: chunked", f"{url}/length?n=6"]
    return [*words, "--next", "-sS", "-I", f"{url}/hello?n=7"]


ALL = {
    "python": lambda directory, port: ["/usr/bin/python3", APPS / "urllib_client.py", port],
    "node": lambda directory, port: ["node", APPS / "client.js", port],
    "ruby": lambda directory, port: ["ruby", APPS / "client.rb", port],
    "perl": lambda directory, port: ["perl", APPS / "client.pl", port],
    "php": lambda directory, port: ["php", APPS / "client.php", port],
    "java": java,
    "curl": curl,
}
