// java -cp DIRECTORY Ask PORT [COUNT]: by HttpURLConnection, and by HttpClient; or so often by this alone,
// which writes in one thread and reads in another.
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

public class Ask {
  private static final byte[] BODY = "0123456789abcdef".repeat(65536).getBytes();
  private static String url;

  private static void ask(String path, byte[] body) throws Exception {
    HttpURLConnection connection = (HttpURLConnection) new URL(url + path).openConnection();
    if (body != null) {
      connection.setDoOutput(true);
      connection.getOutputStream().write(body);
    }
    int status = connection.getResponseCode();
    try (InputStream stream = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      System.out.println(status + " " + stream.readAllBytes().length);
    }
  }

  private static void askOften(int count) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    for (int i = 0; i < count; ++i) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(url + (i % 3 == 0 ? "/missing?n=" : "/hello?n=") + i))
          .method(i % 2 == 0 ? "GET" : "HEAD", BodyPublishers.noBody()).build();
      client.send(request, BodyHandlers.ofString());
    }
    System.exit(0);
  }

  public static void main(String[] arguments) throws Exception {
    url = "http://127.0.0.1:" + arguments[0];
    if (arguments.length > 1) askOften(Integer.parseInt(arguments[1]));
    ask("/hello?n=0", null);
    ask("/missing?n=1", null);
    ask("/large?n=2", null);
    ask("/chunked?n=3", null);
    ask("/length?n=4", BODY);
    HttpClient client = HttpClient.newHttpClient();
    for (HttpRequest.Builder request : new HttpRequest.Builder[] {
        HttpRequest.newBuilder(URI.create(url + "/hello?n=5")),
        HttpRequest.newBuilder(URI.create(url + "/length?n=6")).POST(
            BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(BODY))),
        HttpRequest.newBuilder(URI.create(url + "/hello?n=7")).method("HEAD", BodyPublishers.noBody())}) {
      var answer = client.send(request.build(), BodyHandlers.ofString());
      System.out.println(answer.statusCode() + " " + answer.body().length());
    }
    System.exit(0);
  }
}
