/// Nurseries, tasks and greenhouses: structured concurrency.
///
/// ```java
/// try (var nursery = Nursery.open("checkout")) {
///   Task<Price> price = nursery.fork(() -> prices.lookup(item));
///   Task<Stock> stock = nursery.fork(() -> warehouse.count(item));
///   return new Offer(price.join(), stock.join());
/// }
/// ```
@org.jspecify.annotations.NullMarked
package dev.greenhouse.nursery;
