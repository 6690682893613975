package dev.greenhouse.tests.interop;

import dev.greenhouse.portal.Portal;
import java.awt.EventQueue;
import java.awt.event.ActionListener;
import java.util.concurrent.CompletableFuture;
import javax.swing.DefaultButtonModel;

/// Swing: an operation is a question whose answer is the click on a button, in the event thread. A
/// question that is cancelled leaves no listener at its button.
final class SwingPeer implements Peer {
  @Override
  public String await(Operation operation) {
    return Portal.await(() -> ask(operation));
  }

  private static CompletableFuture<String> ask(Operation operation) {
    var answer = new CompletableFuture<String>();
    EventQueue.invokeLater(() -> show(operation, new DefaultButtonModel(), answer));
    return answer;
  }

  private static void show(
      Operation operation, DefaultButtonModel button, CompletableFuture<String> answer) {
    ActionListener clicked = event -> answer.complete(event.getActionCommand());
    button.addActionListener(clicked);
    var _ =
        answer.whenComplete(
            (value, error) ->
                EventQueue.invokeLater(() -> remove(operation, button, clicked, answer)));
    operation.begun(
        (value, error) ->
            EventQueue.invokeLater(
                () -> {
                  if (error == null) {
                    click(button, value);
                  } else {
                    answer.completeExceptionally(error);
                  }
                }));
  }

  private static void click(DefaultButtonModel button, String command) {
    button.setActionCommand(command);
    button.setArmed(true);
    button.setPressed(true);
    button.setPressed(false);
  }

  private static void remove(
      Operation operation,
      DefaultButtonModel button,
      ActionListener clicked,
      CompletableFuture<String> answer) {
    button.removeActionListener(clicked);
    if (answer.isCancelled() && button.getActionListeners().length == 0) {
      operation.cancelled();
    }
  }
}
