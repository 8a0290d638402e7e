"""The HTTP servers: how each is started, and which of HTTP it can."""
import dataclasses
import os
import pathlib
import shutil
import subprocess

from .allowed import IN_NODE, IN_PYTHON, STARTS_OTHERS
from .fastcgi import FastCgi
from .workload import Workload

APPS = pathlib.Path(__file__).parent / "apps"
LARGE = "0123456789abcdef" * 65536
MODULES = "/usr/lib/apache2/modules/mod_"
# A pool of threads grows when all of them are busy at the moment.
THREADS = (r"(clone|clone3|prctl|sched_getaffinity|sigaltstack|rt_sigprocmask|gettid|set_robust_list|rseq|exit)\(",)
A_DAY = 1_700_000_000  # files are of then: Last-Modified and ETag are the same in each run


@dataclasses.dataclass
class Server:
    name: str
    command: list
    workload: type = Workload
    prepare: object = lambda: None  # called before each run
    script: str = ""  # of PHP-FPM
    keeps: bool = True  # connections
    pipelines: bool = True
    reads_chunks: bool = True
    passes_on: bool = False  # answers of its children
    is_threaded: bool = False
    asks: int = 0  # itself, over HTTP, for one of its requests
    by_chance: tuple = ()  # patterns of system calls that it makes now and then
    allowed: tuple = ()
    env: dict = dataclasses.field(default_factory=dict)
    options: dict = dataclasses.field(default_factory=dict)  # of its process


def write(path, text, mode=0o644):
    path.write_text(text)
    path.chmod(mode)
    os.utime(path, (A_DAY, A_DAY))


def http_server(directory, port):
    return Server("http_server", ["/usr/bin/python3", APPS / "http_server.py", port],
                  allowed=IN_PYTHON)


def flask(directory, port):
    return Server("flask", ["/usr/bin/python3", "-m", "flask", "--app", APPS / "flask_app.py", "run", "-p", port],
                  keeps=False, pipelines=False, allowed=IN_PYTHON)


def node(directory, port):
    return Server("node", ["node", APPS / "server.js", port], allowed=IN_NODE)


def perl(directory, port):
    return Server("perl", ["perl", APPS / "server.pl", port])


def ruby(directory, port):
    return Server("ruby", ["ruby", APPS / "server.rb", port], is_threaded=True,
                  by_chance=(*THREADS, r"getpid\(|tgkill\(.*SIGVTALRM"))  # a thread's turn is over


def java(directory, port):
    subprocess.run(["javac", "-d", directory, APPS / "Serve.java"], check=True, timeout=120)
    return Server("java", ["java", "-Xmx64m", "-XX:-UsePerfData", "-cp", directory, "Serve", port],
                  by_chance=(*THREADS, r"sysinfo|getrusage|\w+\(.*/sys/fs/cgroup/"))  # a thread looks at memory


def php(directory, port):
    return Server("php", ["php", "-S", f"127.0.0.1:{port}", APPS / "index.php"], keeps=False, pipelines=False,
                  is_threaded=True)  # it accepts a connection while it has another one


def php_fpm(directory, port):
    write(directory / "fpm.conf", f"""
[global]
error_log = /proc/self/fd/2
[www]
listen = 127.0.0.1:{port}
{"user = www-data" if os.geteuid() == 0 else ""}
pm = static
pm.max_children = 1
catch_workers_output = yes
""")
    shutil.copy(APPS / "index.php", directory)  # which its worker may read
    return Server("php_fpm", ["/usr/sbin/php-fpm8.2", "-n", "-F", "-y", directory / "fpm.conf"], workload=FastCgi,
                  script=str(directory / "index.php"),
                  by_chance=(r"(kill|getpid)\(|rt_sig\w+\(.*TERM",))  # is the worker gone already?


def pages(directory):
    (directory / "html").mkdir(exist_ok=True)
    for name, text in (("hello", "hello\n"), ("large", LARGE), ("chunked", "<!-- -->onetwothree")):
        write(directory / "html" / name, text)


def nginx(directory, port):
    pages(directory)
    for name in "bpfus":
        (directory / name).mkdir(exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(directory / name, "www-data")
    write(directory / "nginx.conf", f"""
worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log stderr notice;
events {{ worker_connections 64; }}
user www-data;
http {{ access_log {directory}/access.log; client_body_temp_path {directory}/b; proxy_temp_path {directory}/p;
  fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  sendfile on; client_max_body_size 8m;
  server {{ listen 127.0.0.1:{port}; root {directory}/html; default_type text/html;
    location /chunked {{ ssi on; }}
    location /length {{ proxy_pass http://127.0.0.1:{port}/inner; }}
    location /inner {{ return 200 "taken"; }} }} }}
""")
    return Server("nginx", ["/usr/sbin/nginx", "-e", "stderr", "-c", directory / "nginx.conf", "-p", directory],
                  asks=1, by_chance=(r"ioctl\(.*FIONREAD",))  # how much of a body is there already


def apache(directory, port):
    pages(directory)
    write(directory / "chunked.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nonetwothree'\n", 0o755)
    write(directory / "length.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nwc -c\n", 0o755)
    modules = "\n".join(f"LoadModule {name}_module {MODULES}{name}.so"
                        for name in ("mpm_prefork", "authz_core", "cgi", "alias"))
    write(directory / "httpd.conf", f"""
{modules}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {directory}/httpd.pid
DefaultRuntimeDir {directory}
ErrorLog /dev/stderr
User www-data
Group www-data
StartServers 1
MaxRequestWorkers 1
MaxKeepAliveRequests 0
DocumentRoot {directory}/html
ScriptAlias /chunked {directory}/chunked.sh
ScriptAlias /length {directory}/length.sh
<Directory {directory}>
  Require all granted
</Directory>
""")
    return Server("apache", ["/usr/sbin/apache2", "-d", directory, "-f", directory / "httpd.conf", "-DFOREGROUND"],
                  passes_on=True, allowed=STARTS_OTHERS, by_chance=(r"times\(|wait4\(",))  # once a second


ALL = {maker.__name__: maker
       for maker in (http_server, flask, node, perl, ruby, java, php, php_fpm, nginx, apache)}
