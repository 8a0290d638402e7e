// node server.js PORT
const http = require("http");
const large = Buffer.alloc(1 << 20, "0123456789abcdef");

const answer = (response, status, body) => {
  response.writeHead(status, {"Content-Length": body.length});
  response.end(body);
};

const routes = {
  "/hello": (request, response) => answer(response, 200, "hello\n"),
  "/large": (request, response) => answer(response, 200, large),
  "/chunked": (request, response) => {
    for (const chunk of ["one", "two", "three"]) response.write(chunk);
    response.end();
  },
  "/length": (request, response) => {
    let size = 0;
    request.on("data", (bytes) => { size += bytes.length; });
    request.on("end", () => answer(response, 200, `${size}\n`));
  },
};

http.createServer((request, response) => {
  const route = routes[request.url.split("?")[0]];
  if (route) route(request, response);
  else answer(response, 404, "nothing here\n");
}).listen(Number(process.argv[2]), "127.0.0.1", () => console.log("a word on stdout"));
process.on("SIGTERM", () => {
  console.error("a word on stderr");
  process.exit(7);
});
