/// `linkcheck` finds broken links in a folder or on a web site: [Main] is the program, [Crawler] is
/// where the nurseries are.
///
/// | step | classes |
/// |---|---|
/// | what is asked for | [Options], [BadInput] |
/// | where the pages are | [Site], [FolderSite], [PageFiles], [WebSite], [Scope] |
/// | getting addresses | [Fetcher], [Fetched], [BodyStart], [Requests] |
/// | reading a page | [Page], [PageVisitor], [HtmlPage], [MarkdownPage], [Slugs], [Link], [Destination], [UrlSyntax], [PlainPath] |
/// | following the links | [Crawler], [Answer], [Crawl] |
/// | telling people | [Progress], [Report] |
@org.jspecify.annotations.NullMarked
package dev.greenhouse.examples.linkcheck;
