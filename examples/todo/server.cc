#include "todo/server.h"

#include <kolben/telemetry.hpp>

#include <charconv>
#include <string>
#include <string_view>

#include "todo/access_log.h"
#include "todo/page.h"

namespace todo {
namespace {

// Under `opentelemetry-instrument` these are exported; without it they do nothing.
void count_request(const char* endpoint) {
  static const kolben::Counter requests("flask_app_requests_total", "1", "Requests of the app");
  requests.add(1, {{"endpoint", endpoint}});
}

void count_task(const char* change) {
  static const kolben::Counter tasks("flask_app_tasks_total", "1", "Tasks added and deleted");
  tasks.add(1, {{"change", change}});
}

std::vector<Task> fetch_tasks(Tasks& tasks) {
  kolben::Span span("querying_tasks");
  std::vector<Task> all = tasks.all();
  span.set("task.count", all.size());
  log_info("Fetched " + std::to_string(all.size()) + " tasks from the database");
  return all;
}

void show(httplib::Response& response, const std::string& html, int status = 200) {
  response.status = status;
  response.set_content(html, "text/html; charset=utf-8");
}

void home(Tasks& tasks, httplib::Response& response) {
  kolben::set_route("/");
  count_request("home");
  show(response, render_page(fetch_tasks(tasks)));
}

void add(Tasks& tasks, const httplib::Request& request, httplib::Response& response) {
  kolben::set_route("/add");
  count_request("add");
  const std::string description = request.get_param_value("task");
  if (const auto refusal = refuse(description)) {
    show(response, render_page(fetch_tasks(tasks), *refusal, description), 400);
    return;
  }
  {
    kolben::Span span("adding_task");
    span.set("task.id", tasks.add(description));
  }
  count_task("added");
  log_info("Added new task with description: " + description);
  response.set_redirect("/", 302);
}

void remove(Tasks& tasks, const std::string& digits, httplib::Response& response) {
  kolben::set_route("/delete/<int:task_id>");
  count_request("delete");
  std::int64_t id = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  bool removed = false;
  if (parsed.ec == std::errc()) {
    kolben::Span span("deleting_task");
    span.set("task.id", id);
    removed = tasks.remove(id);
  }
  if (removed) {
    count_task("deleted");
    log_info("Deleted task with ID: " + digits);
  } else {
    log_warning("Task with ID " + digits + " not found");
  }
  response.set_redirect("/", 302);
}

// A POST that announces no body has none; httplib waits for one until the peer closes.
bool has_no_body(const httplib::Request& request) {
  return request.method == "POST" && !request.has_header("Content-Length") &&
         !request.has_header("Transfer-Encoding");
}

constexpr std::string_view kDelete = "/delete/";
constexpr const char* kDeletePath = R"(/delete/(\d+))";

}  // namespace

void add_routes(httplib::Server& server, Tasks& tasks) {
  using httplib::Request;
  using httplib::Response;
  server.set_pre_routing_handler([&tasks](const Request& request, Response& response) {
    using Outcome = httplib::Server::HandlerResponse;
    if (!has_no_body(request)) return Outcome::Unhandled;
    if (request.path.starts_with(kDelete)) {
      remove(tasks, request.path.substr(kDelete.size()), response);
    } else if (request.path == "/add") {
      add(tasks, request, response);
    } else {
      response.status = 404;
    }
    return Outcome::Handled;
  });
  server.Get("/", [&tasks](const Request&, Response& response) { home(tasks, response); });
  server.Post("/add", [&tasks](const Request& request, Response& response) {
    add(tasks, request, response);
  });
  const auto remove_task = [&tasks](const Request& request, Response& response) {
    remove(tasks, request.matches[1], response);
  };
  server.Post(kDeletePath, remove_task);
  server.Get(kDeletePath, remove_task);  // links of the original app

  server.set_logger([](const Request& request, const Response& response) {
    print_access(request.remote_addr, request.method + " " + request.target + " " + request.version,
                 response.status);
  });
  server.set_exception_handler([](const Request&, Response& response, std::exception_ptr) {
    log_warning("A request failed: the database can't be used");
    show(response, render_page({}, "The database can't be used right now. Please try again."), 500);
  });
}

}  // namespace todo
