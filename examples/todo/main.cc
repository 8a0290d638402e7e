// todo: a To-Do list as a web app; the program that the scenario watches.
//
//   todo run [-p PORT] [-h HOST] [--database FILE]
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "todo/access_log.h"
#include "todo/server.h"
#include "todo/tasks.h"

namespace {

httplib::Server* running_server = nullptr;

void stop_server(int) {
  if (running_server != nullptr) running_server->stop();
}

int run(const std::string& host, int port, const std::string& database) {
  todo::Tasks tasks(database);
  httplib::Server server;
  todo::add_routes(server, tasks);
  const int bound = port == 0 ? server.bind_to_any_port(host.c_str())
                              : (server.bind_to_port(host.c_str(), port) ? port : -1);
  if (bound < 0) {
    std::fprintf(stderr,
                 "todo: port %d of %s can't be used: another program may hold it. "
                 "Choose another with -p.\n",
                 port, host.c_str());
    return 1;
  }
  running_server = &server;
  std::signal(SIGINT, stop_server);
  std::signal(SIGTERM, stop_server);
  todo::print_greeting(host, bound);
  server.listen_after_bind();
  running_server = nullptr;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A To-Do list as a web app.", "todo");
  app.require_subcommand(1);
  CLI::App* run_command = app.add_subcommand("run", "Serve the app");
  run_command->set_help_flag("--help", "Print this help and exit");
  std::string host = "127.0.0.1";
  int port = 5000;
  std::string database = "tasks.db";
  run_command->add_option("-h,--host", host, "Address to listen on")->capture_default_str();
  run_command->add_option("-p,--port", port, "Port to listen on; 0 picks one")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  run_command->add_option("--database", database, "SQLite file")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(host, port, database);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "todo: opening %s: %s\n", database.c_str(), error.what());
    return 1;
  }
}
