package dev.greenhouse.nursery;

/// The body of a nursery in its lambda form, [Nursery#run(NurseryBody)].
@FunctionalInterface
public interface NurseryBody {
  /// Runs in the task that opens the nursery.
  ///
  /// @param nursery the open nursery
  /// @throws Exception what it likes; that cancels the tasks and is reported with their failures
  void run(Nursery nursery) throws Exception;
}
