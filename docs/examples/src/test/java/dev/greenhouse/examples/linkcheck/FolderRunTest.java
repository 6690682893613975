package dev.greenhouse.examples.linkcheck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class FolderRunTest {
  @TempDir private Path folder;

  @Test
  void aFolderWhoseLinksWorkIsFine() throws IOException {
    write("README.md", "# Home\n[guide](guide/) [part](guide/part.md#a-part) [self](#home)");
    write("guide/index.html", "<a href='../README.md#home'>home</a> <img src='logo.png'>");
    write("guide/logo.png", "");
    write("guide/part.md", "# A part\n[by root](/README.md) [mail](mailto:a@b.c)");
    Run run = check();
    assertThat(run.status()).isZero();
    assertThat(run.out())
        .contains("6 links on 3 pages checked")
        .contains("none is broken.")
        .contains("1 link skipped that can't be fetched");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void aLinkBrokenOnPurposeIsFoundAndNamedWithItsPage() throws IOException {
    write("README.md", "[guide](docs/guide.md)");
    write("docs/guide.md", "# Guide\n\nSee [the API](api.md) and [home](../README.md).");
    Run run = check();
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out())
        .contains("\ndocs/guide.md\n  line 3: api.md: not found\n")
        .contains("3 links on 2 pages checked with 3 requests")
        .contains("1 broken on 1 page.");
  }

  @Test
  void brokenLinksAreGroupedByPageAndSorted() throws IOException {
    write("index.html", "<a href='b.html'>b</a>\n<a href='a.html'>a</a><img src=x.png>");
    write("a.html", "<script src=no.js></script>");
    write("b.html", "<a href=nowhere>\n<a href=nowhere>");
    assertThat(check().out())
        .contains(
            """

            a.html
              line 1: no.js: not found

            b.html
              line 1: nowhere: not found
              line 2: nowhere: not found

            index.html
              line 2: x.png: not found

            """);
  }

  @Test
  void anAnchorThatIsNotThereIsBroken() throws IOException {
    write("README.md", "# Home\n[a](#hom) [b](other.md#one) [c](other.md#two)");
    write("other.md", "# One\n\nWord");
    Run run = check();
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out())
        .contains("README.md has no anchor 'hom'", "other.md has no anchor 'two'", "2 broken")
        .doesNotContain("'one'");
  }

  @Test
  void whatTheServerHidesIsThere() throws IOException {
    write("README.md", "[a](.gitignore) [b](.github/ci.yml) [c](.github/no.yml)");
    write(".gitignore", "");
    write(".github/ci.yml", "");
    Run run = check();
    assertThat(run.out()).contains(".github/no.yml: not found", "1 broken");
  }

  @Test
  void aListOfFilesIsNoPage() throws IOException {
    write("README.md", "[files](files) [files](files/#anything)");
    write("files/a.md", "[broken](broken.md)");
    Run run = check();
    assertThat(run.status()).isZero();
    assertThat(run.out()).contains("2 links on 1 page");
  }

  @Test
  void namesMayHoldAnything() throws IOException {
    write(
        "README.md",
        "[a](<a b#c.md>) [b](a%20b%23c.md) [c](gr%C3%BCn.md) [d](grün.md) [e](50%.md)");
    write("a b#c.md", "[up](README.md)");
    write("grün.md", "[up](README.md)");
    write("50%.md", "[up](README.md)");
    Run run = check();
    assertThat(run.out()).contains("README.md\n  line 1: a b#c.md: not found\n", "1 broken");
  }

  @Test
  void linksOutOfTheFolderAreSkipped() throws IOException {
    write("README.md", "[out](../elsewhere.md) [other](https://nowhere.invalid/)");
    Run run = check();
    assertThat(run.status()).isZero();
    assertThat(run.out())
        .contains("0 links on 1 page checked with 1 request ")
        .contains("1 link to other servers skipped; --external checks them.")
        .contains("1 link skipped that can't be fetched");
  }

  @Test
  void aPageMayLinkToItself() throws IOException {
    write("README.md", "[me](README.md) [me](./README.md) [me]() [all](.)");
    Run run = check();
    assertThat(run.status()).isZero();
    assertThat(run.out()).contains("4 links on 1 page checked with 2 requests");
  }

  @Test
  void aChainOf300PagesIsFollowedToItsEnd() throws IOException {
    for (int i = 0; i < 300; i++) {
      write(i == 0 ? "README.md" : i + ".md", "[next](%d.md)".formatted(i + 1));
    }
    Run run = check();
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out())
        .contains("300 pages read")
        .contains("\n299.md\n  line 1: 300.md: not found\n")
        .contains("300 links on 300 pages checked with 301 requests");
  }

  @Test
  void withoutAnIndexAllPagesAreStarts() throws IOException {
    write("one.md", "# One");
    write("two/three.html", "<a href='../none.md'>x</a>");
    write("target/made.md", "[not looked at](none.md)");
    Run run = check();
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out()).contains("1 link on 2 pages", "two/three.html\n");
  }

  @Test
  void aFileIsWhereToStart() throws IOException {
    write("README.md", "[not reached](none.md)");
    write("other.md", "# Other");
    Run run = Run.of(folder.resolve("other.md").toString());
    assertThat(run.status()).isZero();
    assertThat(run.out()).contains("0 links on 1 page");
  }

  @Test
  void theDefaultIsReadmeAndDocsOfTheCurrentFolder() throws IOException {
    write("README.md", "[docs](docs/linked.md) [license](LICENSE) [other](other/page.md#one)");
    write("LICENSE", "");
    write("docs/linked.md", "[up](../README.md)");
    write("docs/deep/unlinked.md", "[broken](nothing.md)");
    write("other/page.md", "# One\n[not followed](nothing.md)");
    Run run = Run.in(folder);
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out())
        .contains("docs/deep/unlinked.md\n  line 1: nothing.md: not found\n")
        .contains("5 links on 3 pages", "1 broken");
  }

  @Test
  void relativeNamesStartInTheCurrentFolder() throws IOException {
    write("site/README.md", "# Site");
    assertThat(Run.in(folder, "site").status()).isZero();
  }

  @Test
  void aPageThatIsTooLongIsReadInPart() throws IOException {
    write("README.md", "[long](long.html#end)");
    write(
        "long.html",
        "<a href=broken>x</a>" + " ".repeat(Fetcher.PAGE_LIMIT) + "<a href=unseen id=end>x</a>");
    Run run = check();
    assertThat(run.out()).contains("broken: not found", "1 broken").doesNotContain("unseen");
  }

  @Test
  void bigThingsThatAreNoPagesAreNotRead() throws IOException {
    write("README.md", "[big](big.bin) [big](big.txt#L7)");
    write("big.bin", "x".repeat(1 << 20));
    write("big.txt", "x".repeat(1 << 20));
    assertThat(check().status()).isZero();
  }

  // ---- what can't be read

  @ParameterizedTest
  @ValueSource(strings = {"no-such-folder", "no-such-file.md", "nul\0"})
  void whatIsNotThereIsSaidInOneSentence(String name) {
    Run run = Run.in(folder, name);
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).startsWith("linkcheck: '" + name + "' can't be read: ").hasLineCount(1);
    assertThat(run.out()).isEmpty();
  }

  @Test
  void aFolderThatMayNotBeReadIsSaidInOneSentence() throws IOException {
    Path locked = Files.createDirectory(folder.resolve("locked"));
    assumeTrue(locked.toFile().setReadable(false));
    assumeFalse(Files.isReadable(locked), "an administrator reads everything");
    Run run = Run.in(folder, "locked");
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).isEqualTo("linkcheck: 'locked' can't be read: access is denied.\n");
  }

  @Test
  void aFolderWithoutPagesAndAFileThatIsNoneAreRefused() throws IOException {
    write("text.txt", "");
    assertThat(Run.in(folder, ".").err()).contains("has no pages. Name one with");
    assertThat(Run.in(folder).err()).contains("has neither a README.md nor pages in docs.");
    assertThat(Run.in(folder, "text.txt").err()).contains("'text.txt' is no page.");
    assertThat(Run.in(folder, "text.txt").status()).isEqualTo(2);
  }

  // ---- what goes wrong in the program itself

  @Test
  void aFailureDeepInTheTreeComesOutWithItsOwnMessage() throws IOException {
    write("README.md", "[a](a.md)");
    write("a.md", "[b](b.md)");
    write("b.md", "[a](a.md)");
    var err = new ByteArrayOutputStream();
    var failing =
        new PrintStream(new ByteArrayOutputStream(), true, UTF_8) {
          @Override
          public void println(String line) {
            if (line.startsWith("3 pages")) {
              throw new IllegalStateException("the printer is on fire");
            }
          }
        };
    var errors = new PrintStream(err, true, UTF_8);
    assertThat(new Main(failing, errors, false, folder).run(List.of("."))).isEqualTo(Main.FAILED);
    assertThat(err.toString(UTF_8))
        .startsWith(
            "linkcheck failed: java.lang.IllegalStateException: the printer is on fire"
                + System.lineSeparator())
        .hasLineCount(2);

    err.reset();
    assertThat(new Main(failing, errors, false, folder).run(List.of("--debug", ".")))
        .isEqualTo(Main.FAILED);
    assertThat(err.toString(UTF_8)).contains("Progress.pageRead");
  }

  private Run check() {
    return Run.of(folder.toString());
  }

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.resolveSibling(""));
    Files.writeString(file, text);
  }
}
