package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/// A real browser of the Chromium family without a window, and one page in it. It can't reach any
/// network.
final class Browser implements AutoCloseable {
  /// Names the browser's program, if it is none of those that are looked for.
  static final String PROPERTY = "greenhouse.browser";

  private static final List<String> PROGRAMS =
      List.of("chromium", "google-chrome", "google-chrome-stable", "chrome", "chromium-browser");

  private static final long LIMIT_SECONDS = 30;

  private final Process process;
  private final Path profile;
  private final Queue<String> output = new ConcurrentLinkedQueue<>();
  private final CompletableFuture<String> address = new CompletableFuture<>();
  private @Nullable DevTools devTools;

  private Browser(Process process, Path profile) {
    this.process = process;
    this.profile = profile;
  }

  /// {@return the program that was named, or the first that is installed}
  static Optional<String> installed() {
    String named = System.getProperty(PROPERTY, "");
    if (!named.isEmpty()) {
      return Optional.of(named);
    }
    return PROGRAMS.stream().flatMap(program -> onPath(program).stream()).findFirst();
  }

  /// {@return where a program is that the shell would find}
  static Optional<String> onPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  /// Starts it, with a profile of its own.
  ///
  /// @param profile an empty folder
  static Browser start(String program, Path profile) throws Exception {
    Stream<String> sandbox =
        System.getProperty("user.name").equals("root") ? Stream.of("--no-sandbox") : Stream.of();
    Stream<String> command =
        Stream.of(
            program,
            "--headless",
            "--remote-debugging-port=0",
            "--user-data-dir=" + profile,
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--disable-extensions",
            "--disable-crash-reporter",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--hide-scrollbars",
            "--window-size=1280,800");
    var browser =
        new Browser(
            new ProcessBuilder(Stream.concat(command, sandbox).toList())
                .redirectErrorStream(true)
                .start(),
            profile);
    try {
      browser.connect();
      return browser;
    } catch (Throwable e) {
      browser.close();
      throw e;
    }
  }

  private void connect() throws Exception {
    Thread.ofPlatform().daemon().name("output of the browser").start(this::readOutput);
    devTools = new DevTools(address.get(LIMIT_SECONDS, TimeUnit.SECONDS));
    String target =
        devTools.call("Target.createTarget", "url", "about:blank").get("targetId").asText();
    JsonNode attached = devTools.call("Target.attachToTarget", "targetId", target, "flatten", true);
    devTools.use(attached.get("sessionId").asText());
    for (String domain : List.of("Page", "Runtime", "Network", "Log")) {
      devTools.call(domain + ".enable");
    }
  }

  /// The browser says where it listens, and later now and then what nobody wants to know.
  private void readOutput() {
    String listens = "DevTools listening on ";
    try (BufferedReader lines = process.inputReader()) {
      for (String line; (line = lines.readLine()) != null; ) {
        output.add(line);
        if (line.startsWith(listens)) {
          address.complete(line.substring(listens.length()).strip());
        }
      }
    } catch (IOException e) {
      output.add(e.toString());
    }
    address.completeExceptionally(
        new IOException("The browser does not run. It says:\n" + String.join("\n", output)));
  }

  private DevTools devTools() {
    assertThat(devTools).as("a running browser").isNotNull();
    return devTools;
  }

  /// Sets the window's size in CSS pixels.
  void resize(int width, int height) throws Exception {
    devTools()
        .call(
            "Emulation.setDeviceMetricsOverride",
            "width",
            width,
            "height",
            height,
            "deviceScaleFactor",
            1,
            "mobile",
            false);
  }

  /// Prefers dark or light colours.
  void prefer(String scheme) throws Exception {
    var feature = Map.of("name", "prefers-color-scheme", "value", scheme);
    devTools().call("Emulation.setEmulatedMedia", "features", List.of(feature));
  }

  /// Opens a file and waits until it is loaded and drawn.
  void open(Path page) throws Exception {
    devTools().forget();
    CompletableFuture<JsonNode> loaded = devTools().next("Page.loadEventFired");
    JsonNode answer = devTools().call("Page.navigate", "url", page.toUri().toString());
    assertThat(answer.path("errorText").asText()).as("opening " + page).isEmpty();
    loaded.get();
    drawn();
  }

  /// Waits until what was asked for is drawn.
  void drawn() throws Exception {
    evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>"
            + " done(true))))");
  }

  /// {@return what an expression of JavaScript gives; if that is a promise, what that gives}
  JsonNode evaluate(String expression) throws Exception {
    JsonNode answer =
        devTools()
            .call(
                "Runtime.evaluate",
                "expression",
                expression,
                "awaitPromise",
                true,
                "returnByValue",
                true);
    assertThat(answer.path("exceptionDetails").toString()).as(expression).isEmpty();
    return answer.get("result").path("value");
  }

  /// {@return what the window shows}
  BufferedImage screenshot() throws Exception {
    String png = devTools().call("Page.captureScreenshot", "format", "png").get("data").asText();
    return ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(png)));
  }

  void move(double x, double y) throws Exception {
    mouse("mouseMoved", x, y, "button", "none", "buttons", 0);
  }

  /// Moves the mouse while its button is pressed.
  void drag(double x, double y) throws Exception {
    mouse("mouseMoved", x, y, "button", "left", "buttons", 1);
  }

  /// Presses the mouse's button.
  ///
  /// @param clicks 2 for the second click of a double one
  void press(double x, double y, int clicks) throws Exception {
    mouse("mousePressed", x, y, "button", "left", "buttons", 1, "clickCount", clicks);
  }

  void release(double x, double y, int clicks) throws Exception {
    mouse("mouseReleased", x, y, "button", "left", "buttons", 0, "clickCount", clicks);
  }

  void wheel(double x, double y, int down) throws Exception {
    mouse("mouseWheel", x, y, "deltaX", 0, "deltaY", down);
  }

  private void mouse(String type, double x, double y, Object... parameters) throws Exception {
    var all = Stream.concat(Stream.of("type", type, "x", x, "y", y), Stream.of(parameters));
    devTools().call("Input.dispatchMouseEvent", all.toArray());
    drawn();
  }

  /// Presses and releases a key.
  void key(String key) throws Exception {
    String text = key.length() == 1 ? key : "";
    devTools().call("Input.dispatchKeyEvent", "type", "keyDown", "key", key, "text", text);
    devTools().call("Input.dispatchKeyEvent", "type", "keyUp", "key", key);
    drawn();
  }

  /// Types a text into what has the focus.
  void type(String text) throws Exception {
    devTools().call("Input.insertText", "text", text);
    drawn();
  }

  /// {@return the addresses that were asked for, with the file that was opened last}
  List<String> requests() {
    return devTools().events("Network.requestWillBeSent").stream()
        .map(e -> e.params().get("request").get("url").asText())
        .toList();
  }

  /// {@return exceptions that nobody caught, and what was written to the console, since then}
  List<String> complaints() {
    return devTools()
        .events("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        .stream()
        .map(e -> e.params().toString())
        .toList();
  }

  /// Ends the browser with all its processes.
  @Override
  public void close() {
    List<ProcessHandle> before = processes();
    try {
      if (devTools != null) {
        try (var ending = devTools) {
          ending.use(null);
          ending.call("Browser.close");
        }
        process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
      }
    } catch (Exception e) {
      output.add(e.toString()); // then by force
    } finally {
      Stream.concat(before.stream(), processes().stream()).distinct().forEach(Browser::end);
    }
  }

  /// Some of a browser's processes are nobody's children, but name its profile.
  private List<ProcessHandle> processes() {
    Stream<ProcessHandle> children =
        Stream.concat(Stream.of(process.toHandle()), process.descendants());
    Stream<ProcessHandle> others =
        ProcessHandle.allProcesses()
            .filter(p -> p.info().commandLine().orElse("").contains(profile.toString()));
    return Stream.concat(children, others).distinct().toList();
  }

  private static void end(ProcessHandle process) {
    process.destroyForcibly();
    process.onExit().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
  }
}
