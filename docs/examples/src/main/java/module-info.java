/// Runnable examples of Greenhouse.
@org.jspecify.annotations.NullMarked
module dev.greenhouse.examples {
  requires dev.greenhouse.nursery;
  requires dev.greenhouse.portal;
  requires java.net.http;
  requires jdk.httpserver;
  requires org.commonmark;
  requires org.commonmark.ext.gfm.tables;
  requires org.jsoup;
  requires org.jspecify;
  requires jdk.unsupported; // for signals: linkcheck --tree
}
