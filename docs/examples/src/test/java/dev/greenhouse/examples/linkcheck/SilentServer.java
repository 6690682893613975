package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/// Answers its start page, which has links, and no other request: it sends nothing, or for
/// `/stalled` the beginning of an answer, and waits for the client to close the connection.
final class SilentServer implements AutoCloseable {
  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final String startPage;

  /// A permit for each request that will not be answered.
  final Semaphore asked = new Semaphore(0);

  /// A permit for each of their connections that the client has closed.
  final Semaphore closed = new Semaphore(0);

  SilentServer(String startPage) throws IOException {
    this.startPage = startPage;
    threads.execute(this::accept);
  }

  String url(String path) {
    return "http://%s:%d%s"
        .formatted(server.getInetAddress().getHostAddress(), server.getLocalPort(), path);
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        threads.execute(() -> serve(socket));
      }
    } catch (IOException _) {
      // The server is closed.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
      String request = Objects.requireNonNull(in.readLine());
      for (String line = request; line != null && !line.isEmpty(); ) {
        line = in.readLine();
      }
      if (request.startsWith("GET / ")) {
        answer(socket, startPage.length(), startPage);
        return;
      }
      if (request.startsWith("GET /stalled ")) {
        answer(socket, 1000, "<html>");
      }
      asked.release();
      awaitEnd(in);
      closed.release();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void answer(Socket socket, int length, String body) throws IOException {
    String head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
            .formatted(length);
    socket.getOutputStream().write((head + body).getBytes(US_ASCII));
  }

  private static void awaitEnd(BufferedReader in) {
    try {
      while (in.read() >= 0) {
        // Nobody sends more.
      }
    } catch (IOException _) {
      // Reset by the client: that is an end, too.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    threads.shutdownNow();
    threads.close();
  }
}
