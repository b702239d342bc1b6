import java.util.Objects;
import org.mlflow.tracking.MlflowHttpException;

/** The checks of these tests: each throws an AssertionError that says what was there instead. */
final class Expect {
  private Expect() {}

  static void same(Object expected, Object actual) {
    if (!Objects.equals(expected, actual)) throw new AssertionError("expected " + expected + ", got " + actual);
  }

  /** The call is answered with this HTTP status. */
  static void status(int status, Runnable call) {
    try {
      call.run();
    } catch (MlflowHttpException error) {
      same(status, error.getStatusCode());
      return;
    }
    throw new AssertionError("expected status " + status + ", but it went well");
  }
}
