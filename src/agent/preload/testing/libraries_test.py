#!/usr/bin/env python3
"""Hooked functions of libraries that the test makes up: whose function is called, how often, with
what. Two libraries of one interface in a process, in nobody's scope but their plug-in's."""
import os
import subprocess
import tempfile
import unittest

from ring_reader import LIBRARY, Ring, clean_environment

# Stands in for OpenSSL: VERSION tells which one. It refuses so many writes and, as OpenSSL does,
# wants the next one to be of the same bytes at the same place.
TLS = r"""
#include <stdlib.h>
#include <string.h>
struct session { int refuses; const void* bytes; int size; char wire[65536]; int wire_size; int calls; };
void* SSL_new(void* context) { struct session* s = calloc(1, sizeof *s); s->refuses = context != 0; return s; }
void SSL_free(void* session) { free(session); }
int SSL_get_rfd(const void* session) { return -1; }
void* SSL_get_rbio(const void* session) { return 0; }
int SSL_is_server(const void* session) { return 0; }
int SSL_get_shutdown(const void* session) { return 0; }
int SSL_do_handshake(void* session) { ++((struct session*)session)->calls; return VERSION; }
int SSL_connect(void* session) { return SSL_do_handshake(session); }  /* a jump */
int SSL_write(void* session, const void* bytes, int size) {
  struct session* s = session;
  if (s->bytes && (s->bytes != bytes || s->size != size)) return -7;  /* a bad retry */
  s->bytes = bytes;
  s->size = size;
  if (s->refuses-- > 0) return -1;
  memcpy(s->wire + s->wire_size, bytes, size);
  s->wire_size += size;
  s->bytes = 0;
  return size;
}
int SSL_read(void* session, void* bytes, int size) {
  const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  memcpy(bytes, answer, sizeof answer - 1);
  return sizeof answer - 1;
}
const char* wire(void* session) { return ((struct session*)session)->wire; }
int handshakes(void* session) { return ((struct session*)session)->calls; }
"""

# Asks once; prints what its library answered, and what went over the wire beside our header.
PLUGIN = r"""
#include <stdio.h>
#include <string.h>
void* SSL_new(void*); void SSL_free(void*); int SSL_connect(void*);
int SSL_write(void*, const void*, int); int SSL_read(void*, void*, int);
const char* wire(void*); int handshakes(void*);
void run(const char* path, void* refuses) {
  char request[200], answer[200], sent[400] = "";
  void* session = SSL_new(refuses);
  const int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: shop\r\n\r\n", path);
  const int connected = SSL_connect(session);
  int tries = 0, written = 0;
  do { written = SSL_write(session, request, size); } while (written == -1 && ++tries < 5);
  const int read = SSL_read(session, answer, sizeof answer);
  strcpy(sent, wire(session));
  char* header = strstr(sent, "traceparent: ");
  if (header != 0) strcpy(header, strchr(header, '\n') + 1);
  printf("%d %d %d %d %d %s", connected, handshakes(session), written == size, tries, read,
         strcmp(sent, request) == 0 ? "as written\n" : sent);
  SSL_free(session);
}
"""

PROGRAM = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
static void run(const char* plugin, const char* path, void* refuses) {
  void* handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  void (*function)(const char*, void*) = (void (*)(const char*, void*))dlsym(handle, "run");
  function(path, refuses);
}
int main(int count, char** arguments) {
  if (!strcmp(arguments[1], "none")) {
    int (*read)(void*, void*, int) = (int (*)(void*, void*, int))dlsym(RTLD_DEFAULT, "SSL_read");
    printf("%d\n", read == 0 ? -1 : read(0, 0, 0));
    return 0;
  }
  run("./plugin1.so", "/one", 0);
  run("./plugin2.so", "/two", 0);
  run("./plugin1.so", "/three", "");
  run("./plugin2.so", "/four", "");
  return 0;
}
"""


class Libraries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()

        def compile_c(name, text, *options):
            subprocess.run(["cc", "-O2", "-w", "-x", "c", "-", "-o", name, *options], cwd=cls.folder.name,
                           input=text, text=True, check=True)
        for version in ("1", "2"):
            compile_c(f"libtls{version}.so", TLS, "-shared", "-fPIC", f"-DVERSION={version}",
                      f"-Wl,-soname,libtls{version}.so")
            compile_c(f"plugin{version}.so", PLUGIN, "-shared", "-fPIC", "-Wl,--no-as-needed", "-L.",
                      f"-Wl,-rpath,{cls.folder.name}", "-x", "none", f"./libtls{version}.so")
        compile_c("program", PROGRAM, "-ldl")
        cls.program = os.path.join(cls.folder.name, "program")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_each_module_calls_its_own_library_once(self):
        want = (b"1 1 1 0 38 as written\n2 1 1 0 38 as written\n"
                b"1 1 1 1 38 as written\n2 1 1 1 38 as written\n")
        plain = subprocess.run([self.program, "two"], cwd=self.folder.name, env=clean_environment(),
                               capture_output=True, check=True)
        self.assertEqual(plain.stdout, want)
        with Ring() as ring:
            done = ring.run(self.program, "two", cwd=self.folder.name)
        self.assertEqual(done.stdout, want)
        self.assertEqual([record["request"].split()[1] for record in ring.records("client")],
                         ["/one", "/two", "/three", "/four"])
        self.assertEqual({record["status"] for record in ring.records("client")}, {200})
        self.assertEqual(ring.totals()["untraced"], 0)

    def test_without_the_agent_hooks_only_call(self):
        done = subprocess.run([self.program, "two"], cwd=self.folder.name, capture_output=True,
                              env={**clean_environment(), "LD_PRELOAD": LIBRARY}, check=True)
        self.assertEqual(done.stdout.count(b"as written\n"), 4)

    def test_where_no_library_has_it_the_call_fails(self):
        with Ring() as ring:
            self.assertEqual(ring.run(self.program, "none").stdout, b"-1\n")


if __name__ == "__main__":
    unittest.main()
