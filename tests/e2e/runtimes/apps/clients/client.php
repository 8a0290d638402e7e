<?php
// php client.php PORT: by PHP's streams, a connection a request.
$url = "http://127.0.0.1:$argv[1]";
$body = str_repeat("0123456789abcdef", 65536);
function ask($url, $method = "GET", $body = "", $headers = []) {
  $context = stream_context_create(["http" => [
    "method" => $method, "content" => $body, "ignore_errors" => true, "protocol_version" => 1.1,
    "header" => ["Connection: close", ...$headers]]]);
  $text = file_get_contents($url, false, $context);
  echo explode(" ", $http_response_header[0])[1], " ", strlen($text), "\n";
}
ask("$url/hello?n=0");
ask("$url/missing?n=1");
ask("$url/large?n=2");
ask("$url/chunked?n=3");
ask("$url/length?n=4", "POST", $body, ["Content-Type: text/plain"]);
ask("$url/hello?n=5", "GET", "", ["X-Empty:"]);
ask("$url/length?n=6", "POST", $body . "more", ["Content-Type: text/plain"]);
ask("$url/hello?n=7", "HEAD");
