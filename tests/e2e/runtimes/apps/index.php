<?php
// Every path, by `php -S` and by PHP-FPM.
$path = strtok($_SERVER["REQUEST_URI"], "?");
if ($path === "/hello") {
  error_log("a word on stderr");
  echo "hello\n";
} elseif ($path === "/large") {
  echo str_repeat("0123456789abcdef", 65536);
} elseif ($path === "/chunked") {
  foreach (["one", "two", "three"] as $chunk) {
    echo $chunk;
    flush();
  }
} elseif ($path === "/length") {
  echo strlen(file_get_contents("php://input")), "\n";
} else {
  http_response_code(404);
  echo "nothing here\n";
}
