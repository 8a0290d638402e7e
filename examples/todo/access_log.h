// The lines that the app prints: what Flask's development server prints, in its words and form.
#pragma once

#include <string>

namespace todo {

// The app's own lines at its start.
void print_greeting(const std::string& host, int port);

// 127.0.0.1 - - [28/Oct/2024 14:20:33] "GET / HTTP/1.1" 200 -
void print_access(const std::string& peer, const std::string& request_line, int status);

// INFO:todo:Fetched 3 tasks from the database
void log_info(const std::string& message);
void log_warning(const std::string& message);

}  // namespace todo
