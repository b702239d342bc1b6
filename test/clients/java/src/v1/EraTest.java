import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.tracking.MlflowClient;

/** What only the Java client of the 1.x era has. */
final class EraTest {
  private final MlflowClient client;

  EraTest(MlflowClient client) {
    this.client = client;
  }

  Map<String, Runnable> tests() {
    return Map.of("list of experiments", this::listExperiments);
  }

  static Experiment experimentOf(MlflowClient client, String id) {
    return client.getExperiment(id).getExperiment();
  }

  private void listExperiments() {
    String id = client.createExperiment(ClientTest.uniqueName());
    String gone = client.createExperiment(ClientTest.uniqueName());
    client.deleteExperiment(gone);
    List<String> listed =
        client.listExperiments().stream().map(Experiment::getExperimentId).collect(Collectors.toList());
    Expect.same(true, listed.contains(id));
    Expect.same(false, listed.contains(gone));
    Expect.same(id, experimentOf(client, id).getExperimentId());
    Expect.same(0, client.getExperiment(id).getRunsCount());
  }
}
