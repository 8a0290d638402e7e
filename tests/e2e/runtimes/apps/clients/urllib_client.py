"""python3 urllib_client.py PORT: eight requests, by urllib and by http.client."""
import http.client
import sys
import urllib.error
import urllib.request

PORT = int(sys.argv[1])
BODY = b"0123456789abcdef" * 65536


def ask(target, body=None):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{target}", body) as answer:
            print(answer.status, len(answer.read()))
    except urllib.error.HTTPError as error:
        print(error.code, len(error.read()))


ask("/hello?n=0")
ask("/missing?n=1")
ask("/large?n=2")
ask("/chunked?n=3")
ask("/length?n=4", BODY)
connection = http.client.HTTPConnection("127.0.0.1", PORT)
connection.request("GET", "/hello?n=5", headers={"X-Empty": ""})
print(len(connection.getresponse().read()))
connection.request("POST", "/length?n=6", iter([BODY, b"more"]), encode_chunked=True)
print(connection.getresponse().read())
connection.request("HEAD", "/hello?n=7")
print(connection.getresponse().status)
