import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.mlflow.api.proto.Service.CreateExperiment;
import org.mlflow.api.proto.Service.CreateRun;
import org.mlflow.api.proto.Service.ExperimentTag;
import org.mlflow.api.proto.Service.FileInfo;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.ActiveRun;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowContext;
import org.mlflow.tracking.Page;

/** What users of the Java client do, against the server at MLFLOW_TRACKING_URI; each test has a line, `ok` or `not ok`. */
public final class ClientTest {
  private static final String URL = System.getenv("MLFLOW_TRACKING_URI");
  private final MlflowClient client = new MlflowClient(URL);

  public static void main(String[] args) {
    Map<String, Runnable> tests = new LinkedHashMap<>();
    ClientTest common = new ClientTest();
    tests.put("experiments", common::experiments);
    tests.put("no such experiment", common::noSuchExperiment);
    tests.put("runs", common::runs);
    tests.put("metrics, params, tags", common::logging);
    tests.put("batch and metric history", common::batchAndHistory);
    tests.put("search and pages", common::search);
    tests.put("deleted runs", common::deletedRuns);
    tests.put("artifacts", common::artifacts);
    tests.put("context with an active run", common::context);
    tests.put("registry: latest versions", common::latestVersions);
    tests.putAll(new EraTest(common.client).tests());
    long passed = tests.entrySet().stream().filter(test -> passes(test.getKey(), test.getValue())).count();
    System.out.println(passed + " passed, " + (tests.size() - passed) + " failed");
  }

  private static boolean passes(String name, Runnable test) {
    try {
      test.run();
      System.out.println("ok " + name);
      return true;
    } catch (RuntimeException | AssertionError error) {
      System.out.println("not ok " + name + ": " + error);
      return false;
    }
  }

  static String uniqueName() {
    return "java " + UUID.randomUUID();
  }

  private void experiments() {
    String name = uniqueName();
    ExperimentTag tag = ExperimentTag.newBuilder().setKey("team").setValue("été").build();
    String id = client.createExperiment(CreateExperiment.newBuilder().setName(name).addTags(tag).build());
    var read = client.getExperimentByName(name).orElseThrow();
    Expect.same(id, read.getExperimentId());
    Expect.same("mlflow-artifacts:/" + id, read.getArtifactLocation());
    Expect.same(List.of(tag), read.getTagsList());
    Expect.status(400, () -> client.createExperiment(name));
    client.setExperimentTag(id, "k", "v");
    client.renameExperiment(id, name + " renamed");
    Expect.same(2, client.getExperimentByName(name + " renamed").orElseThrow().getTagsCount());
    client.deleteExperiment(id);
    Expect.same("deleted", EraTest.experimentOf(client, id).getLifecycleStage());
    client.restoreExperiment(id);
    Expect.same("active", EraTest.experimentOf(client, id).getLifecycleStage());
  }

  private void noSuchExperiment() {
    Expect.same(Optional.empty(), client.getExperimentByName(uniqueName()));
    Expect.status(404, () -> client.getExperiment("999999999"));
    Expect.status(404, () -> client.getRun("0".repeat(32)));
  }

  private void runs() {
    String experiment = client.createExperiment(uniqueName());
    RunTag parent = RunTag.newBuilder().setKey("mlflow.parentRunId").setValue("0".repeat(32)).build();
    long start = 1_600_000_000_123L;
    CreateRun create =
        CreateRun.newBuilder().setExperimentId(experiment).setUserId("ada").setStartTime(start).addTags(parent).build();
    RunInfo info = client.createRun(create);
    Expect.same(info.getRunId(), info.getRunUuid());
    Expect.same(RunStatus.RUNNING, info.getStatus());
    Expect.same(start, info.getStartTime());
    Expect.same("ada", info.getUserId());
    Expect.same("active", info.getLifecycleStage());
    Expect.same("mlflow-artifacts:/" + experiment + "/" + info.getRunId() + "/artifacts", info.getArtifactUri());
    client.setTerminated(info.getRunId(), RunStatus.FAILED, start + 5);
    Run read = client.getRun(info.getRunId());
    Expect.same(RunStatus.FAILED, read.getInfo().getStatus());
    Expect.same(start + 5, read.getInfo().getEndTime());
    Expect.same(parent.getValue(), tagsOf(read).get("mlflow.parentRunId"));
    client.setTerminated(info.getRunId());
    Expect.same(RunStatus.FINISHED, client.getRun(info.getRunId()).getInfo().getStatus());
    Expect.same(List.of(info.getRunId()), ids(client.listRunInfos(experiment)));
  }

  private void logging() {
    String run = newRun();
    client.logParam(run, "lr", "0.1");
    client.logParam(run, "empty", "");
    client.logMetric(run, "loss", 0.1 + 0.2);
    client.setTag(run, "release", "ü ☀");
    client.setTag(run, "gone", "soon");
    client.deleteTag(run, "gone");
    Run read = client.getRun(run);
    Map<String, String> params =
        read.getData().getParamsList().stream().collect(Collectors.toMap(Param::getKey, Param::getValue));
    Expect.same(Map.of("lr", "0.1", "empty", ""), params);
    Expect.same(0.1 + 0.2, read.getData().getMetrics(0).getValue());
    Expect.same("ü ☀", tagsOf(read).get("release"));
    Expect.same(null, tagsOf(read).get("gone"));
    Expect.status(400, () -> client.logParam(run, "lr", "0.2"));
    Expect.status(404, () -> client.deleteTag(run, "gone"));
    Expect.status(400, () -> client.logMetric(run, "a//b", 1));
  }

  private void batchAndHistory() {
    String run = newRun();
    double[] values = {0.25, Double.NaN, -1e-300, Double.MAX_VALUE, 1};
    long[] steps = {-5, 0, 1, (1L << 53) + 1, Long.MAX_VALUE};
    List<Metric> metrics = new ArrayList<>();
    for (int i = 0; i < values.length; i++) metrics.add(metric("m", values[i], 1000 + i, steps[i]));
    List<Param> params = List.of(Param.newBuilder().setKey("p").setValue("q").build());
    client.logBatch(run, metrics, params, List.of(RunTag.newBuilder().setKey("t").setValue("u").build()));
    client.logMetric(run, "m", Double.POSITIVE_INFINITY, 2000, 7);
    List<Metric> history = client.getMetricHistory(run, "m");
    Expect.same(metrics, history.subList(0, values.length));
    Expect.same(7L, history.get(values.length).getStep());
    if (history.get(values.length).getValue() < Double.MAX_VALUE) throw new AssertionError("Infinity was lost");
    Expect.same(List.of(), client.getMetricHistory(run, "never logged"));
    Expect.same(Long.MAX_VALUE, client.getRun(run).getData().getMetrics(0).getStep());
    Expect.same("u", tagsOf(client.getRun(run)).get("t"));
  }

  private void search() {
    String experiment = client.createExperiment(uniqueName());
    List<String> runs = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      CreateRun create = CreateRun.newBuilder().setExperimentId(experiment).setStartTime(1000 + i).build();
      runs.add(client.createRun(create).getRunId());
      client.logMetric(runs.get(i), "loss", i / 5.0);
      client.logParam(runs.get(i), "n", String.valueOf(i));
    }
    Expect.same(List.of(runs.get(4), runs.get(3)), ids(client.searchRuns(List.of(experiment), "metrics.loss > 0.5")));
    Expect.same(List.of(), ids(client.searchRuns(List.of(experiment), "params.n = 'none'")));
    List<String> order = List.of("metrics.loss ASC");
    Page<Run> page = client.searchRuns(List.of(experiment), "", ViewType.ALL, 2, order);
    List<String> found = new ArrayList<>();
    for (; ; page = page.getNextPage()) {
      page.getItems().forEach(run -> found.add(run.getInfo().getRunId()));
      if (!page.hasNextPage()) break;
    }
    Expect.same(runs, found);
    Expect.status(400, () -> client.searchRuns(List.of(experiment), "metrics.loss >"));
  }

  private void deletedRuns() {
    String run = newRun();
    String experiment = client.getRun(run).getInfo().getExperimentId();
    client.deleteRun(run);
    Expect.same("deleted", client.getRun(run).getInfo().getLifecycleStage());
    Expect.same(List.of(), ids(client.searchRuns(List.of(experiment), "")));
    Expect.same(List.of(run), ids(client.searchRuns(List.of(experiment), "", ViewType.DELETED_ONLY)));
    Expect.status(400, () -> client.logMetric(run, "m", 1));
    client.restoreRun(run);
    Expect.same(List.of(run), ids(client.searchRuns(List.of(experiment), "")));
  }

  /** The client has the Python command of its era do all this. */
  private void artifacts() {
    String run = newRun();
    Expect.same(List.of(), client.listArtifacts(run));
    try {
      Path folder = Files.createTempDirectory("java-client");
      Path one = Files.writeString(folder.resolve("a.txt"), "four");
      client.logArtifact(run, one.toFile(), "sub");
      client.logArtifacts(run, folder.toFile());
      FileInfo.Builder file = FileInfo.newBuilder().setIsDir(false).setFileSize(4);
      FileInfo sub = FileInfo.newBuilder().setPath("sub").setIsDir(true).build();
      Expect.same(List.of(file.setPath("a.txt").build(), sub), client.listArtifacts(run));
      Expect.same(List.of(file.setPath("sub/a.txt").build()), client.listArtifacts(run, "sub"));
      Path whole = client.downloadArtifacts(run).toPath();
      Expect.same("four", Files.readString(whole.resolve("sub/a.txt")));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private void context() {
    String name = uniqueName();
    client.createExperiment(name);
    MlflowContext context = new MlflowContext(client).setExperimentName(name);
    ActiveRun parent = context.startRun("parent");
    ActiveRun child = context.startRun("child", parent.getId());
    child.logParams(new TreeMap<>(Map.of("a", "1", "b", "2")));
    child.logMetrics(Map.of("loss", 0.5), 3);
    child.setTags(Map.of("k", "v"));
    child.endRun();
    parent.endRun(RunStatus.KILLED);
    Run read = client.getRun(child.getId());
    Expect.same(2, read.getData().getParamsCount());
    Expect.same(3L, read.getData().getMetrics(0).getStep());
    Expect.same(parent.getId(), tagsOf(read).get("mlflow.parentRunId"));
    Expect.same("child", tagsOf(read).get("mlflow.runName"));
    Expect.same(RunStatus.KILLED, client.getRun(parent.getId()).getInfo().getStatus());
  }

  private void latestVersions() {
    String name = registerTwoVersions(client);
    var latest = client.getLatestVersions(name);
    Map<String, String> byStage = new TreeMap<>();
    latest.forEach(version -> byStage.put(version.getCurrentStage(), version.getVersion()));
    Expect.same(Map.of("None", "2", "Production", "1"), byStage);
    Expect.same(1, client.getLatestVersions(name, List.of("Production")).size());
    Expect.same(List.of(), client.getLatestVersions(name, List.of("Archived")));
    Expect.same(latest.get(0).getSource(), client.getModelVersionDownloadUri(name, latest.get(0).getVersion()));
    Expect.status(404, () -> client.getLatestVersions(name + " no"));
  }

  /** By the client's raw calls, as it has no others to write to the registry; the first version is in Production. */
  static String registerTwoVersions(MlflowClient client) {
    String name = uniqueName();
    RunInfo run = client.createRun(client.createExperiment(name));
    client.sendPost("registered-models/create", String.format("{\"name\": \"%s\"}", name));
    String source = run.getArtifactUri() + "/model";
    String version =
        String.format("{\"name\": \"%s\", \"source\": \"%s\", \"run_id\": \"%s\"}", name, source, run.getRunId());
    client.sendPost("model-versions/create", version);
    client.sendPost("model-versions/create", version);
    client.sendPost(
        "model-versions/transition-stage",
        String.format("{\"name\": \"%s\", \"version\": \"1\", \"stage\": \"Production\"}", name));
    client.sendPatch("registered-models/update", String.format("{\"name\": \"%s\", \"description\": \"d\"}", name));
    return name;
  }

  private String newRun() {
    return client.createRun(client.createExperiment(uniqueName())).getRunId();
  }

  private static Metric metric(String key, double value, long timestamp, long step) {
    return Metric.newBuilder().setKey(key).setValue(value).setTimestamp(timestamp).setStep(step).build();
  }

  private static List<String> ids(List<RunInfo> runs) {
    return runs.stream().map(RunInfo::getRunId).collect(Collectors.toList());
  }

  private static Map<String, String> tagsOf(Run run) {
    return run.getData().getTagsList().stream().collect(Collectors.toMap(RunTag::getKey, RunTag::getValue));
  }
}
