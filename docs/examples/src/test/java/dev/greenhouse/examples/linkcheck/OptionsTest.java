package dev.greenhouse.examples.linkcheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
  @Test
  void withoutArgumentsTheDefaultsHold() throws BadInput {
    assertThat(Options.parse(List.of()))
        .isEqualTo(
            new Options(null, 16, Duration.ofSeconds(5), false, null, null, false, false, false));
  }

  @Test
  void takesValuesApartOrAttached() throws BadInput {
    assertThat(
            Options.parse(
                List.of(
                    "--requests=3",
                    "--timeout",
                    "0.25",
                    "--external",
                    "--trace",
                    "a.json",
                    "--timeline=b.html",
                    "--tree",
                    "--debug",
                    "docs")))
        .isEqualTo(
            new Options(
                "docs",
                3,
                Duration.ofMillis(250),
                true,
                Path.of("a.json"),
                Path.of("b.html"),
                true,
                false,
                true));
  }

  @Test
  void theLastOfTwoOptionsCounts() throws BadInput {
    assertThat(Options.parse(List.of("--external", "--no-external")).external()).isFalse();
  }

  @Test
  void afterTwoDashesNamesMayBeginWithADash() throws BadInput {
    assertThat(Options.parse(List.of("--", "--docs")).start()).isEqualTo("--docs");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          --wrong             | Option '--wrong' is unknown. --help lists the options.
          --external=yes      | Option '--external=yes' is unknown. --help lists the options.
          --requests          | Option '--requests' needs a value. --help explains the options.
          --requests 0        | '0' is no number of requests. Give --requests a number from 1 to 1000.
          --requests many     | 'many' is no number of requests. Give --requests a number from 1 to 1000.
          --timeout -1        | '-1' is no timeout. Give --timeout seconds, such as 5 or 0.5, up to 3600.
          --timeout NaN       | 'NaN' is no timeout. Give --timeout seconds, such as 5 or 0.5, up to 3600.
          --timeout 1e9999999 | '1e9999999' is no timeout. Give --timeout seconds, such as 5 or 0.5, up to 3600.
          --trace             | Option '--trace' needs a value. --help explains the options.
          --timeline=         | '' is no file. Give --timeline the name of one.
          --trace a --timeline ./a | --trace and --timeline name the same file, 'a'. Name two.
          --trace no/such/../a --timeline no/a | --trace and --timeline name the same file, 'no/such/../a'. Name two.
          --trace a --timeline a | --trace and --timeline name the same file, 'a'. Name two.
          docs guide          | There are two places to start from, 'docs' and 'guide'. Name one; quote names with spaces.
          """)
  void saysWhatIsWrongAndWhatToDo(String args, String message) {
    assertThatExceptionOfType(BadInput.class)
        .isThrownBy(() -> Options.parse(List.of(args.split(" "))))
        .withMessage(message);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS) // links need a privilege there
  void seesThroughLinksThatTwoNamesAreOfOneFile(@TempDir Path folder) throws Exception {
    Path real = Files.createDirectory(folder.resolve("real"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), real);
    refusesBoth(real.resolve("a"), link.resolve("a")); // neither is there
    Path file = Files.createFile(real.resolve("b"));
    refusesBoth(file, Files.createLink(real.resolve("c"), file));
    assertThat(options(real.resolve("a"), link.resolve("b")).trace()).isNotNull();
  }

  private static void refusesBoth(Path trace, Path timeline) {
    assertThatExceptionOfType(BadInput.class)
        .isThrownBy(() -> options(trace, timeline))
        .withMessage("--trace and --timeline name the same file, '%s'. Name two.", trace);
  }

  private static Options options(Path trace, Path timeline) throws BadInput {
    return Options.parse(List.of("--trace", trace.toString(), "--timeline", timeline.toString()));
  }

  @Test
  void badOptionsEndTheProgramWithStatus2AndOneLine() {
    Run run = Run.of("--wrong");
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err())
        .isEqualTo("linkcheck: Option '--wrong' is unknown. --help lists the options.\n");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void helpNamesEveryOptionAndSucceeds() {
    Run run = Run.of("--help");
    assertThat(run.status()).isZero();
    assertThat(run.out())
        .contains("--requests", "--timeout", "--external", "--no-external", "--debug", "--help")
        .contains("--trace FILE", "--timeline FILE", "--tree");
  }
}
