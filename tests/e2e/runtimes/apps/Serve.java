// java -cp DIRECTORY Serve PORT
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

public class Serve {
  private static final byte[] LARGE = "0123456789abcdef".repeat(65536).getBytes(StandardCharsets.US_ASCII);

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    boolean isHead = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, isHead ? -1 : body.length);
    if (!isHead) exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static void sendChunks(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, 0);
    for (String chunk : new String[] {"one", "two", "three"}) {
      exchange.getResponseBody().write(bytes(chunk));
      exchange.getResponseBody().flush();
    }
    exchange.close();
  }

  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 64);
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.createContext("/", exchange -> answer(exchange, 404, bytes("nothing here\n")));
    server.createContext("/hello", exchange -> answer(exchange, 200, bytes("hello\n")));
    server.createContext("/large", exchange -> answer(exchange, 200, LARGE));
    server.createContext("/chunked", Serve::sendChunks);
    server.createContext("/length", exchange -> {
      int size = exchange.getRequestBody().readAllBytes().length;
      answer(exchange, 200, bytes(size + "\n"));
    });
    server.start();
    System.out.println("a word on stdout");
  }
}
