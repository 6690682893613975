package dev.greenhouse.tests.interop;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import dev.greenhouse.portal.Portal;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.TextNode;

/// A synchronous library that knows nothing of tasks, and calls back: the callback awaits, so the
/// task is suspended in the middle of the library's stack.
enum CallbackPeer implements Peer {
  JSOUP_VISITOR {
    @Override
    String call(Supplier<String> callback) {
      Document page = Jsoup.parse("<p>a <b>page</b></p>");
      page.traverse(
          (node, depth) -> {
            if (node instanceof TextNode text && text.parentNameIs("b")) {
              text.text(callback.get());
            }
          });
      return page.expectFirst("b").text();
    }
  },

  JACKSON_SERIALIZER {
    @Override
    String call(Supplier<String> callback) throws IOException {
      var json = new StringWriter();
      JSON.writeValue(json, List.of(new Bed("north", new Seed(callback))));
      return JSON.readTree(json.toString()).get(0).get("seed").asText();
    }
  },

  SORT_COMPARATOR {
    @Override
    String call(Supplier<String> callback) {
      var given = new ArrayList<String>();
      var names = new ArrayList<>(List.of("b", "a"));
      Collections.sort(
          names,
          (x, y) -> {
            given.add(callback.get());
            return x.compareTo(y);
          });
      return String.join("", given);
    }
  },

  COMPUTE_IF_ABSENT {
    @Override
    String call(Supplier<String> callback) {
      return new ConcurrentHashMap<String, String>().computeIfAbsent("a", key -> callback.get());
    }
  };

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .registerModule(new SimpleModule().addSerializer(Seed.class, new SeedSerializer()));

  /// {@return what the callback gave, by way of the library; it calls back once}
  abstract String call(Supplier<String> callback) throws IOException;

  @Override
  public String await(Operation operation) throws IOException {
    return call(() -> Portal.await(() -> begin(operation)));
  }

  static CompletableFuture<String> begin(Operation operation) {
    var answer = new CompletableFuture<String>();
    operation.cancelledBy(answer);
    operation.begun(Operation.completing(answer));
    return answer;
  }

  record Seed(Supplier<String> name) {}

  record Bed(String place, Seed seed) {}

  private static final class SeedSerializer extends JsonSerializer<Seed> {
    @Override
    public void serialize(Seed seed, JsonGenerator json, SerializerProvider serializers)
        throws IOException {
      json.writeString(seed.name().get());
    }
  }
}
