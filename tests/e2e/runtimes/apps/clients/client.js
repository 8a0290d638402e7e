// node client.js PORT: by fetch, and by http on one connection.
const http = require("http");
const port = Number(process.argv[2]);
const url = `http://127.0.0.1:${port}`;
const body = "0123456789abcdef".repeat(65536);
const agent = new http.Agent({keepAlive: true, maxSockets: 1});

const ask = (method, path, pieces = []) => new Promise((resolve, reject) => {
  const request = http.request({agent, port, host: "127.0.0.1", method, path}, (response) => {
    let size = 0;
    response.on("data", (bytes) => { size += bytes.length; });
    response.on("end", () => resolve(`${response.statusCode} ${size}`));
  });
  request.on("error", reject);
  for (const piece of pieces) request.write(piece);
  request.end();
});

const main = async () => {
  for (const path of ["/hello?n=0", "/missing?n=1", "/large?n=2", "/chunked?n=3"]) {
    const answer = await fetch(url + path);
    console.log(answer.status, (await answer.text()).length);
  }
  console.log(await (await fetch(`${url}/length?n=4`, {method: "POST", body})).text());
  console.log(await ask("GET", "/hello?n=5"));
  console.log(await ask("POST", "/length?n=6", [body, "more"]));
  console.log(await ask("HEAD", "/hello?n=7"));
  agent.destroy();
};
main();
