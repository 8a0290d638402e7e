#include "todo/page.h"

namespace todo {
namespace {

constexpr char kHead[] = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>To-Do List</title>
<style>
:root { color-scheme: light dark; }
body { font: 17px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; }
form.add { display: flex; gap: .5rem; margin: 1rem 0 1.5rem; }
form.add input { flex: 1; min-width: 0; font: inherit; padding: .4rem .6rem; }
button { font: inherit; padding: .4rem .8rem; cursor: pointer; }
ul { list-style: none; padding: 0; }
li { display: flex; gap: 1rem; align-items: center; justify-content: space-between;
     padding: .5rem 0; border-top: 1px solid #8884; overflow-wrap: anywhere; }
.message { padding: .5rem .8rem; border-left: 4px solid #c60; background: #c601; }
.empty { opacity: .75; }
</style>
</head>
<body>
<h1>To-Do List</h1>
)";

std::string render_task(const Task& task) {
  const std::string description = escape_html(task.description);
  return "<li><span>" + description + "</span><form method=\"post\" action=\"/delete/" +
         std::to_string(task.id) + "\"><button aria-label=\"Delete " + description +
         "\">Delete</button></form></li>\n";
}

}  // namespace

std::string render_page(const std::vector<Task>& tasks, const std::string& message,
                        const std::string& draft) {
  std::string html = kHead;
  if (!message.empty()) {
    html += "<p class=\"message\" role=\"alert\">" + escape_html(message) + "</p>\n";
  }
  html +=
      "<form class=\"add\" method=\"post\" action=\"/add\">"
      "<input name=\"task\" aria-label=\"New task\" placeholder=\"What is to be done?\" "
      "required value=\"" +
      escape_html(draft) + "\"><button>Add</button></form>\n";
  if (tasks.empty()) html += "<p class=\"empty\">Nothing to do.</p>\n";
  html += "<ul>\n";
  for (const Task& task : tasks) html += render_task(task);
  html += "</ul>\n</body>\n</html>\n";
  return html;
}

std::string escape_html(const std::string& text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char character : text) {
    switch (character) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += character;
    }
  }
  return escaped;
}

}  // namespace todo
