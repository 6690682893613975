package dev.greenhouse.portal;

import java.io.Serial;

/// Something was awaited where there is no portal.
public final class NoPortalException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1;

  NoPortalException(String message) {
    super(message);
  }
}
