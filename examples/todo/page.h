// The one page of the app, as HTML. Everything that people typed is escaped.
#pragma once

#include <string>
#include <vector>

#include "todo/tasks.h"

namespace todo {

// `message` is shown above the list where it is not empty; `draft` stands in the form.
std::string render_page(const std::vector<Task>& tasks, const std::string& message = {},
                        const std::string& draft = {});

std::string escape_html(const std::string& text);

}  // namespace todo
