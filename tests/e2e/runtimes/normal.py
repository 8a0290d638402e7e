"""What two runs of the same program may print differently: each with its name, and nothing else."""
import re

CLOCK = r"\d\d:\d\d:\d\d"
DIFFERENT = [
    ("a date, as in HTTP", rb"(?mi)^Date: .*$", b"Date: *"),
    ("a date, as in access logs", rf"\[\d\d/\w{{3}}/\d{{4}}[: ]{CLOCK}[^\]]*\]".encode(), b"[date]"),
    ("a date, as Apache and PHP print it", rf"\[\w{{3}} \w{{3}} [ \d]\d {CLOCK}(\.\d+)? \d{{4}}\]".encode(),
     b"[date]"),
    ("a date, as PHP-FPM prints it", rf"\[\d\d-\w{{3}}-\d{{4}} {CLOCK}\]".encode(), b"[date]"),
    ("a date, as WEBrick prints it", rf"\[\d{{4}}-\d\d-\d\d {CLOCK}\]".encode(), b"[date]"),
    ("a date, as nginx prints it", rf"(?m)^\d{{4}}/\d\d/\d\d {CLOCK}".encode(), b"date"),
    ("a date, as Redis prints it", rf"\d\d \w{{3}} \d{{4}} {CLOCK}\.\d{{3}}".encode(), b"date"),
    ("a date, as PostgreSQL prints it", rf"\d{{4}}-\d\d-\d\d {CLOCK}\.\d{{3}} \w+".encode(), b"date"),
    ("a duration", rb"\d+\.\d+ s\b", b"* s"),
    ("ids of processes", rb"(pid[ =]|process |worker |from |PID:? ?|tid |child |signal process )\d+", rb"\1*"),
    ("ids of processes, as nginx prints them", rb"\d+#\d+: ", b"*#*: "),
    ("ids of processes, as Redis prints them", rb"(?m)^\d+:([A-Z]) ", rb"*:\1 "),
    ("and the time of a signal", rb"(?m)^\d+:signal-handler \(\d+\)", rb"*:signal-handler (*)"),
    ("ids of processes, as PostgreSQL prints them", rb"\[\d+\]", b"[*]"),
]


def normal(text, port):
    """`port` is the server's, which is the same in all runs; other ports are clients'."""
    for _, pattern, replacement in DIFFERENT:
        text = re.sub(pattern, replacement, text)
    return re.sub(rb"127\.0\.0\.1:(?!%d\b)\d+" % port, b"127.0.0.1:*", text)
