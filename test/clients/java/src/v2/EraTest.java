import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.Page;

/** What the Java client has since the 2.x era. */
final class EraTest {
  private final MlflowClient client;

  EraTest(MlflowClient client) {
    this.client = client;
  }

  Map<String, Runnable> tests() {
    return Map.of("search of experiments", this::searchExperiments, "registry: reading and search", this::registry);
  }

  static Experiment experimentOf(MlflowClient client, String id) {
    return client.getExperiment(id);
  }

  private void searchExperiments() {
    String name = ClientTest.uniqueName();
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 3; i++) ids.add(client.createExperiment(name + i));
    String filter = "name LIKE '" + name + "%'";
    List<String> found = new ArrayList<>();
    Page<Experiment> page = client.searchExperiments(filter, ViewType.ACTIVE_ONLY, 2, List.of("name ASC"));
    for (; ; page = page.getNextPage()) {
      page.getItems().forEach(experiment -> found.add(experiment.getExperimentId()));
      if (!page.hasNextPage()) break;
    }
    Expect.same(ids, found);
    Expect.same(3, client.searchExperiments(filter).getItems().size());
    Expect.same(name + 0, client.getExperiment(ids.get(0)).getName());
  }

  private void registry() {
    String name = ClientTest.registerTwoVersions(client);
    Expect.same("d", client.getRegisteredModel(name).getDescription());
    ModelVersion version = client.getModelVersion(name, "1");
    Expect.same("Production", version.getCurrentStage());
    Page<ModelVersion> page = client.searchModelVersions("name = '" + name + "'", 1, List.of("version_number ASC"));
    Expect.same("1", page.getItems().iterator().next().getVersion());
    Expect.same("2", page.getNextPage().getItems().iterator().next().getVersion());
    Expect.status(404, () -> client.getModelVersion(name, "9"));
    Expect.status(404, () -> client.getRegisteredModel(name + " no"));
  }
}
