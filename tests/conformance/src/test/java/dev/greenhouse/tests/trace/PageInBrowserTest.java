package dev.greenhouse.tests.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.greenhouse.tests.NeedsFlag;
import dev.greenhouse.tests.NothingLeft;
import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The page in a real browser, where one is installed: it is looked at, and used with mouse and
/// keyboard.
@ExtendWith(NothingLeft.class)
@NeedsFlag // not really: once is enough
@Timeout(60)
class PageInBrowserTest {
  @TempDir private static Path folder;
  private static @Nullable Browser running;
  private static Path page;

  private final Browser browser = running;

  /// A place in the window.
  private record Spot(double x, double y) {}

  @BeforeAll
  static void start() throws Exception {
    Optional<String> program = Browser.installed();
    assumeTrue(
        program.isPresent(),
        "No browser is installed. -D" + Browser.PROPERTY + "=<program> names one.");
    try {
      running = Browser.start(program.get(), Files.createDirectory(folder.resolve("profile")));
    } catch (Exception e) {
      if (System.getProperty(Browser.PROPERTY) != null) {
        throw e;
      }
      abort(program.get() + " is there, but can't be started: " + e);
    }
    page = folder.resolve("page.html");
    Garden.timeline(12).writeHtml(page);
  }

  @AfterAll
  static void stop() {
    if (running != null) {
      running.close();
      String profile = folder.resolve("profile").toString();
      assertThat(ProcessHandle.allProcesses())
          .extracting(p -> p.info().commandLine().orElse(""))
          .noneMatch(line -> line.contains(profile));
    }
  }

  private void open(Path file) throws Exception {
    browser.resize(1280, 800);
    browser.prefer("light");
    browser.open(file);
    try (InputStream in = PageInBrowserTest.class.getResourceAsStream("look.js")) {
      browser.evaluate(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
    assertThat(look("text('note')").asText()).isEmpty();
  }

  @AfterEach
  void nothingWasWrongAndNothingWasAskedOfTheNetwork() {
    assertThat(browser.complaints()).isEmpty();
    assertThat(browser.requests()).isNotEmpty().allMatch(url -> url.startsWith("file://"));
  }

  private JsonNode look(String expression) throws Exception {
    return browser.evaluate("look." + expression);
  }

  private Spot at(String task, Object... time) throws Exception {
    String moment = time.length == 0 ? "undefined" : time[0].toString();
    JsonNode spot = look("at('%s', %s)".formatted(task.replace("'", "\\'"), moment));
    return new Spot(spot.get("x").asDouble(), spot.get("y").asDouble());
  }

  private List<String> rows() throws Exception {
    return strings(look("rows()"));
  }

  private static List<String> strings(JsonNode array) {
    var list = new ArrayList<String>();
    array.forEach(e -> list.add(e.asText()));
    return list;
  }

  private List<String> coloursAt(Spot spot, int around) throws Exception {
    return strings(look("colours(%s, %s, %d)".formatted(spot.x, spot.y, around)));
  }

  private double width() throws Exception {
    return look("width()").asDouble();
  }

  private void click(Spot spot, int count) throws Exception {
    browser.press(spot.x, spot.y, count);
    browser.release(spot.x, spot.y, count);
  }

  private void click(String button) throws Exception {
    JsonNode box =
        browser.evaluate(
            "document.getElementById('" + button + "').getBoundingClientRect().toJSON()");
    click(new Spot(box.get("x").asDouble() + 5, box.get("y").asDouble() + 5), 1);
  }

  @Test
  void tasksAreRowsBelowTheirParents() throws Exception {
    open(page);
    assertThat(rows())
        .hasSize(12)
        .startsWith("main")
        .contains(Garden.HOSTILE, "task 5", "task 12", "sleeper", "broken");
    assertThat(look("text('summary')").asText()).contains("12 tasks in", "'test-");
    Spot main = at("main");
    assertThat(coloursAt(new Spot(main.x - 25, main.y), 8)).hasSizeGreaterThan(1); // its name
    Spot child = at("task 5");
    assertThat(coloursAt(new Spot(child.x - 45, child.y), 8)).hasSize(1); // indented
    assertThat(coloursAt(new Spot(child.x - 10, child.y), 8)).hasSizeGreaterThan(1);
  }

  @Test
  void theWindowShowsTheRowsInTheirColours() throws Exception {
    open(page);
    BufferedImage shown = browser.screenshot();
    assertThat(shown.getWidth()).isEqualTo(1280);
    assertThat(shown.getHeight()).isEqualTo(800);
    assertThat(coloursOf(shown, 0)).hasSizeGreaterThan(10); // the header, with its text
    for (String colour : List.of("back", "text", "step")) {
      assertThat(coloursOf(shown, (int) at("main").y - 10))
          .as(colour)
          .contains(look("colourOf('%s')".formatted(colour)).asText());
    }
  }

  private static Set<String> coloursOf(BufferedImage image, int fromRow) {
    var colours = new HashSet<String>();
    for (int y = fromRow; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        colours.add("#%06x".formatted(image.getRGB(x, y) & 0xffffff));
      }
    }
    return colours;
  }

  @Test
  void aPauseIsShaded() throws Exception {
    Path paused = folder.resolve("paused.html");
    Garden.pausedTimeline().writeHtml(paused);
    open(paused);
    assertThat(look("text('summary')").asText()).contains("In a pause of ", "nothing was recorded");
    JsonNode pause = browser.evaluate("timeline.data.pauses[0]");
    double middle = (pause.get(0).asDouble() + pause.get(1).asDouble()) / 2;
    Spot spot = at("main", middle);
    assertThat(coloursAt(new Spot(spot.x, spot.y + 5), 0))
        .containsExactly(look("colourOf('pause')").asText());
    browser.move(spot.x, spot.y);
    assertThat(look("text('tip')").asText()).contains("here: not recorded for ");
  }

  @ParameterizedTest
  @CsvSource({"0, step", "1, wait", "2, ready"})
  void aSpanHasTheColourOfItsKind(int kind, String colour) throws Exception {
    open(page);
    JsonNode longest = look("longest(%d)".formatted(kind));
    String task = longest.get("name").asText();
    for (int i = 0; i < 60 && width() > 10 * longest.get("length").asDouble(); i++) {
      Spot spot = at(task, longest.get("middle"));
      browser.wheel(spot.x, spot.y, -200);
    }
    assertThat(coloursAt(at(task, longest.get("middle")), 0))
        .containsExactly(look("colourOf('%s')".formatted(colour)).asText());
  }

  @ParameterizedTest
  @CsvSource({"broken, failure", "sleeper, cancel"})
  void failuresAndCancellationsAreMarked(String task, String colour) throws Exception {
    open(page);
    JsonNode mark =
        browser.evaluate("timeline.data.tasks[look.task('%s')].marks[0]".formatted(task));
    String expected = look("colourOf('%s')".formatted(colour)).asText();
    assertThat(coloursAt(at(task, mark.get(1)), 3)).contains(expected);
  }

  @Test
  void theWheelZoomsAroundThePointer() throws Exception {
    open(page);
    double all = width();
    double moment = all / 3;
    Spot spot = at("task 5", moment);
    browser.wheel(spot.x, spot.y, -400);
    assertThat(width()).isLessThan(all / 2);
    assertThat(at("task 5", moment).x).isCloseTo(spot.x, within(1.5));
    browser.wheel(spot.x, spot.y, 2000);
    assertThat(width()).isEqualTo(all);
  }

  @Test
  void buttonsZoomAndDoubleClickZoomsToATask() throws Exception {
    open(page);
    double all = width();
    click("in");
    assertThat(width()).isEqualTo(all / 2);
    click("out");
    assertThat(width()).isEqualTo(all);
    JsonNode task = browser.evaluate("timeline.data.tasks[look.task('task 5')]");
    double middle = (task.get("begin").asDouble() + task.get("end").asDouble()) / 2;
    Spot spot = at("task 5", middle);
    click(spot, 1);
    click(spot, 2);
    assertThat(width()).isCloseTo(widthFor(task, all), within(1.0));
    assertThat(at("task 5", task.get("begin")).x).isBetween(320.0, 1280.0);
    assertThat(at("task 5", task.get("end")).x).isBetween(320.0, 1280.0);
    click("fit");
    assertThat(width()).isEqualTo(all);
  }

  /// A task with a little room on both sides.
  private static double widthFor(JsonNode task, double all) {
    double length = task.get("end").asDouble() - task.get("begin").asDouble();
    return Math.min(all, 1.1 * length);
  }

  @Test
  void draggingMoves() throws Exception {
    open(page);
    click("in");
    Spot spot = at("task 5", width());
    double from = browser.evaluate("timeline.range().from").asDouble();
    browser.press(spot.x, spot.y, 1);
    browser.drag(spot.x - 100, spot.y);
    browser.release(spot.x - 100, spot.y, 1);
    assertThat(browser.evaluate("timeline.range().from").asDouble()).isGreaterThan(from);
    assertThat(at("task 5", from * 2).x).isCloseTo(spot.x - 100, within(1.5));
    assertThat(browser.evaluate("timeline.selected()").asInt()).isEqualTo(-1); // it was no click
  }

  @Test
  void hoveringTellsOfTheTask() throws Exception {
    open(page);
    Spot name = at("broken");
    browser.move(name.x, name.y);
    assertThat(browser.evaluate("tip.hidden").asBoolean()).isFalse();
    assertThat(look("text('tip')").asText())
        .matches("(?s)broken  \\(task \\d+, failed\\)\n.*of 'main', greenhouse 'test-.*")
        .contains("failed at", ": java.io.IOException: the hose leaks");
    JsonNode step = look("longest(0)");
    Spot spot = at(step.get("name").asText(), step.get("middle"));
    browser.move(spot.x, spot.y);
    assertThat(look("text('tip')").asText()).contains("here: ");
    browser.move(5, 5);
    assertThat(browser.evaluate("tip.hidden").asBoolean()).isTrue();
  }

  @Test
  void searchLeavesWhatMatchesAndWhatIsAbove() throws Exception {
    open(page);
    browser.key("/");
    browser.type("TASK 1");
    assertThat(rows()).containsExactly("main", "task 10", "task 11", "task 12");
    assertThat(look("text('found')").asText()).isEqualTo("3 tasks");
    browser.key("Enter");
    browser.key("Enter");
    assertThat(look("text('found')").asText()).isEqualTo("2 of 3");
    assertThat(look("text('details')").asText()).startsWith("task 11  (task ");
    browser.type("nobody");
    assertThat(rows()).isEmpty();
    browser.key("Escape");
    assertThat(rows()).hasSize(12);
  }

  @Test
  void allOfItWorksWithTheKeyboard() throws Exception {
    open(page);
    double all = width();
    browser.key("ArrowDown");
    assertThat(look("text('details')").asText()).startsWith("main  (task ");
    browser.key("Enter");
    assertThat(rows()).containsExactly("main");
    browser.key("Enter");
    assertThat(rows()).hasSize(12);
    browser.key("*");
    assertThat(rows()).containsExactly("main");
    browser.key("*");
    browser.key("End");
    assertThat(browser.evaluate("timeline.selected()").asInt()).isEqualTo(11);
    JsonNode last = browser.evaluate("timeline.data.tasks[11]");
    browser.key("f");
    assertThat(width()).isCloseTo(widthFor(last, all), within(1.0));
    browser.key("0");
    browser.key("+");
    assertThat(width()).isEqualTo(all / 2);
    browser.key("ArrowRight");
    assertThat(browser.evaluate("timeline.range().from").asDouble())
        .isCloseTo(all / 4 + all / 16, within(1.0));
    browser.key("0");
    browser.key("Escape");
    assertThat(browser.evaluate("[timeline.selected(), look.width()]").toString())
        .isEqualTo("[-1,%d]".formatted((long) all));
    assertThat(look("text('details')").asText()).startsWith("Wheel ");
  }

  @Test
  void clicksChooseOpenAndClose() throws Exception {
    open(page);
    click(at("task 7"), 1);
    assertThat(look("text('details')").asText()).startsWith("task 7  (task ");
    Spot main = at("main");
    click(new Spot(main.x - 50, main.y), 1); // the triangle before its name
    assertThat(rows()).containsExactly("main");
    click("all");
    assertThat(rows()).hasSize(12);
  }

  @Test
  void namesAreTextAndNothingElse() throws Exception {
    open(page);
    Spot name = at(Garden.HOSTILE);
    browser.move(name.x, name.y);
    click(name, 1);
    assertThat(look("text('tip')").asText()).startsWith(Garden.HOSTILE);
    assertThat(look("text('details')").asText()).startsWith(Garden.HOSTILE);
    assertThat(browser.evaluate("[document.images.length, document.title]").toString())
        .isEqualTo("[0,\"Greenhouse timeline\"]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"light", "dark"})
  void aNarrowWindowHasRoomForAllAndColoursFollowTheScheme(String scheme) throws Exception {
    open(page);
    browser.resize(480, 800);
    browser.prefer(scheme);
    browser.drawn();
    assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt()).isEqualTo(480);
    Spot below = new Spot(300, at("sleeper").y + 60);
    assertThat(coloursAt(below, 0)).containsExactly(look("colourOf('back')").asText());
    assertThat(coloursAt(below, 0)).containsExactly(scheme.equals("dark") ? "#151917" : "#ffffff");
  }

  @Test
  void dataThatWasCutOffIsSaidToBe() throws Exception {
    String whole = Files.readString(page);
    Path cut = folder.resolve("cut.html");
    Files.writeString(cut, whole.substring(0, whole.indexOf("\"spans\"")));
    browser.open(cut);
    assertThat(browser.evaluate("note.textContent").asText())
        .startsWith("The data of this page is not complete: ");
  }

  @Test
  void fiveThousandTasksAreShownZoomedAndFound() throws Exception {
    Path many = folder.resolve("many.html");
    Garden.timeline(5000).writeHtml(many);
    open(many);
    assertThat(rows()).hasSize(5000);
    Spot main = at("main");
    browser.wheel(main.x, main.y, 20_000); // over the names: scrolls
    browser.key("End");
    assertThat(browser.evaluate("view.scrollTop").asInt()).isGreaterThan(90_000);
    assertThat(at("broken").y).isLessThan(800);
    double all = width();
    Spot broken = at("broken", all / 2);
    browser.wheel(broken.x, broken.y, -400);
    assertThat(width()).isLessThan(all / 2);
    browser.key("/");
    browser.type("task 4321");
    assertThat(rows()).containsExactly("main", "task 4321");
  }
}
