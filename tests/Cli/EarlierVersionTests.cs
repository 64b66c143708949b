using System.Text.Json;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Tracking;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What commit daf7b5a wrote is read as it read it, and what is written today has its names: its run folders, a
/// comparison, a history, replay strings and outputs are in <c>tests/Fixtures/daf7b5a</c>.</summary>
public sealed class EarlierVersionTests : IDisposable
{
    private const string Commit = "daf7b5a8ba66a7e3966046cbf3a04a50fc2d2196";

    private const string Clean = "20261130T052024Z-99b05d";
    private const string Violated = "20261130T052211Z-b0ea2b";
    private const string Watched = "20261130T053006Z-56975e";
    private const string Comparison = "20261130T052227Z-16a71d";

    private static readonly string Fixtures = Path.Combine(LabProcess.Checkout, "tests", "Fixtures", "daf7b5a");

    private readonly TemporaryFolder _temporary = new();

    public EarlierVersionTests()
    {
        // A report is written into the folder that it is about.
        foreach (string file in Directory.EnumerateFiles(Fixtures, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(_temporary.Path, Path.GetRelativePath(Fixtures, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public static TheoryData<string, string> Replays =>
        [.. File.ReadLines(Path.Combine(Fixtures, "expected", "replays.txt")).Select(line => line.Split(' '))
            .Select(line => (line[0], line[1]))];

    private string Plain => In("plain");

    private string Compared => In("comparisons", Comparison);

    private string[] Arms => [$"{Compared}/runs@mainline", $"{Compared}/runs@workqueue", "--out", In("none")];

    private string History => In("history", "history.csv");

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void Runs_and_comparisons_are_listed()
    {
        Assert.Equal(
            $"{Watched}  complete  1 measurement, vm-destroy, mainline\n"
            + $"{Violated}  complete  1 measurement, memslot-churn, early-return\n"
            + $"{Clean}  complete  4 measurements, memslot-churn,slot-growth, mainline,workqueue\n",
            Fine("list", "runs", "--out", Plain).Out);
        Assert.Equal($"{Comparison}  complete  2 of 2 blocks  mainline | workqueue\n",
            Fine("list", "comparisons", "--out", In("comparisons")).Out);
    }

    [Fact]
    public void Runs_are_reported_with_every_number_and_violation()
    {
        foreach (string run in (string[])[Clean, Violated, Watched])
        {
            string summary = File.ReadAllText(In("plain", run, "summary.csv"));
            Assert.Equal(summary, Fine("report", run, "--out", Plain, "--format", "csv").Out);
            Assert.True(File.Exists(In("plain", run, "report.html")));
        }
        LabExit violated = Fine("report", Violated, "--out", Plain);
        Assert.Contains("early-return BROKEN on memslot-churn on radix: VIOLATED (3)", violated.Out);
        Assert.Contains("root#1 still has 1 present top-level entries", violated.Out);
        Assert.Contains("mainline, workqueue on memslot-churn on radix: clean", Fine("report", Clean, "--out", Plain).Out);
        Assert.Matches("disturbed samples of destroy.*\n.*\n.*\nmainline +2 of 4 ", Fine("report", Watched, "--out", Plain).Out);
    }

    [Fact]
    public void Run_folders_and_arms_of_a_comparison_are_compared_with_the_same_answer()
    {
        LabExit lab = Fine(["compare", .. Arms, "--format", "csv"]);
        Assert.Equal(WithoutReasons(File.ReadAllText(In("expected", "compare.csv"))), WithoutReasons(lab.Out));
        Assert.Contains("update (decides): workqueue against mainline, 2 blocks", Fine("report", Compared).Out);
        Assert.True(File.Exists(Path.Combine(Compared, "report.html")));
    }

    [Fact]
    public void A_history_is_shown_and_gated_as_before_and_takes_runs_of_then_once()
    {
        Assert.Equal(Column("verdict", File.ReadAllText(In("expected", "show.csv"))),
            Column("verdict", Fine("track", "show", "--history", History, "--machine", "all", "--format", "csv").Out));
        LabExit gate = LabHere.Run("track", "gate", "--history", History, "--machine", "all");
        Assert.Equal(3, gate.Code);
        Assert.StartsWith("4 regressions are open in 5 series.", gate.Out);

        string[] before = File.ReadAllLines(History);
        string[] add = ["track", "add", Clean, "--out", Plain, "--history", History];
        Fine(add);
        string[] after = File.ReadAllLines(History);
        Assert.Equal(before, after[..before.Length]);
        IReadOnlyList<HistoryRow> rows = [.. new HistoryFile(History).Read().Rows.Where(row => row.Commit == Commit)];
        Assert.Equal(after.Length - before.Length, rows.Count);
        // Machine and settings are what they were then, so the series goes on.
        Assert.All(rows, row => Assert.Equal(("73bd7e569b4b", "811cad438f57"), (row.Machine, row.Settings)));
        Assert.Contains("already there", Fine(add).Out);
    }

    private static string Recorded() => JsonDocument.Parse(
        LabHere.Run("explore", "--strategy", "off-list", "--scenario", "fast-zap-unmap", "--format", "json").Out)
        .RootElement.EnumerateArray().Single().GetProperty("replay").GetString()!;

    [Theory]
    [MemberData(nameof(Replays))]
    public void A_schedule_recorded_on_other_tables_is_refused_and_what_it_showed_is_found_again(string invariant, string replay)
    {
        LabExit lab = LabHere.Run("explore", "--replay", replay, "--format", "json");
        Assert.Equal(2, lab.Code);
        Assert.Contains("has changed since the schedule was recorded; search again", Assert.Single(lab.ErrorLines));
        Assert.Empty(lab.Out);

        string[] parts = replay.Split(':');
        string[] scenario = parts[2].Split(',');
        string[] settings = [.. scenario.Skip(1).SelectMany(one => one.Contains('=') ? ["--set", one] : (string[])[$"--{one}"])];
        LabExit again = LabHere.Run(["explore", "--strategy", parts[1], "--scenario", scenario[0], "--model", parts[3],
            "--format", "json", .. settings]);
        Assert.Equal(4, again.Code);
        Assert.Equal(invariant,
            JsonDocument.Parse(again.Out).RootElement.EnumerateArray().Single().GetProperty("invariant").GetString());
    }

    [Fact]
    public void A_run_of_today_has_the_settings_and_fields_of_then()
    {
        string[] command = [.. ReadManifest(In("plain", Watched)).CommandLine.Skip(1)];
        Replace("--out", In("today"));
        Replace("--watch", "off");
        // Its window is of milliseconds, so a busy machine may rightly say that nothing was measured in it.
        LabExit lab = LabHere.Run(command);
        Assert.True(lab.Code is 0 or 5, lab.Error);
        string today = Assert.Single(Directory.EnumerateDirectories(In("today")));

        // The settings' hash names a history's series: one more setting, or one worded otherwise, and every series starts again.
        Assert.Equal(Settings(ReadManifest(In("plain", Watched))), Settings(ReadManifest(today)));
        Assert.Equal(FieldsOf(In("plain", Watched, "manifest.json")), FieldsOf(Path.Combine(today, "manifest.json")));
        Assert.Equal("[]", File.ReadAllText(Path.Combine(today, "violations.json")));
        foreach (string file in (string[])["summary.csv", "histograms.csv", "timeline.csv", "counters.csv"])
        {
            Assert.Equal(File.ReadLines(In("plain", Watched, file)).First(), File.ReadLines(Path.Combine(today, file)).First());
        }

        void Replace(string option, string value) => command[Array.IndexOf(command, option) + 1] = value;

        static IEnumerable<KeyValuePair<string, string>> Settings(Manifest manifest) =>
            manifest.Settings.Where(one => one.Key is not ("out" or "watch")).OrderBy(one => one.Key, StringComparer.Ordinal);
    }

    [Fact]
    public void Violations_and_what_disturbed_a_run_have_the_fields_of_then()
    {
        string folder = SampleRun.WriteTo(In("sample"), runs: 1).Path;
        Assert.Equal(FieldsOf(In("plain", Violated, "violations.json")), FieldsOf(Path.Combine(folder, "violations.json")));
        string traced = File.ReadLines(Path.Combine(folder, "kernel_events.csv")).First();
        Assert.Equal("strategy,workload,mmu,run,event,start_ms,length_ms,count", traced);

        RunRecord watched = new RunStore(Plain).Open(Watched);
        RunFolder rewritten = RunFolder.Create(In("rewritten"), watched.Manifest with { Measurements = [] });
        rewritten.Write(new MeasurementRows(watched.Manifest.Measurements[0])
        {
            Summary = watched.Summary, Histograms = watched.Histograms, Timeline = watched.Timeline, Counters = watched.Counters,
            Disturbances = watched.Disturbances, Undisturbed = watched.Undisturbed, Tagged = watched.Tagged,
        });
        foreach (string file in Directory.EnumerateFiles(In("plain", Watched), "*.csv"))
        {
            Assert.Equal(File.ReadAllText(file), File.ReadAllText(Path.Combine(rewritten.Path, Path.GetFileName(file))));
        }
    }

    [Fact]
    public void A_comparison_of_today_has_the_fields_of_then()
    {
        using ComparedRuns runs = new();
        string today = Path.Combine(runs.Blocks([1e6], [1e6]).Path, ComparisonFolder.ManifestFile);
        Assert.Equal(FieldsOf(Path.Combine(Compared, ComparisonFolder.ManifestFile)).Except(["command_line[]"]),
            FieldsOf(today).Except(["command_line[]"]));
    }

    [Theory]
    [InlineData("report")]
    [InlineData("compare")]
    [InlineData("comparison")]
    [InlineData("show")]
    [InlineData("gate")]
    [InlineData("replay")]
    public void Json_on_standard_output_has_the_fields_of_then(string output)
    {
        string[] arguments = output switch
        {
            "report" => ["report", Violated, "--out", Plain],
            "compare" => ["compare", .. Arms],
            "comparison" => ["report", Compared],
            "replay" => ["explore", "--replay", Recorded()],
            _ => ["track", output, "--history", History, "--machine", "all"],
        };
        IEnumerable<string> expected = File.ReadLines(In("expected", "fields.txt")).Select(line => line.Split(' '))
            .Where(line => line[0] == output).Select(line => line[1]);
        IReadOnlyList<string> fields = Fields(LabHere.Run([.. arguments, "--format", "json"]).Out);
        string[] addedSince = ["schema_version", "[].schema_version", .. output switch
        {
            "gate" => (string[])["damaged_rows"],
            "replay" => ["[].shape", "[].reductions[]", "[].runs"],
            _ => [],
        }];
        Assert.Equal(expected.Order(StringComparer.Ordinal), fields.Except(addedSince).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0, "list", "strategies")]
    [InlineData(2, "list", "nonsense")]
    [InlineData(2, "--strategy", "nope")]
    [InlineData(2, "report", "no-such-run")]
    [InlineData(4, "explore", "--strategy", "early-return")]
    [InlineData(0, "explore", "--strategy", "mainline", "--scenario", "fast-zap-unmap")]
    [InlineData(7, "compare", "--baseline", "none", "mainline", "--out", "nowhere")]
    public void Exit_codes_mean_what_they_did(int code, params string[] arguments) =>
        Assert.Equal(code, LabHere.Run(arguments).Code);

    private static LabExit Fine(params string[] arguments)
    {
        LabExit lab = LabHere.Run(arguments);
        Assert.True(lab.Code == 0, lab.Error);
        return lab;
    }

    private static Manifest ReadManifest(string folder) =>
        new RunStore(Path.GetDirectoryName(folder)!).Open(Path.GetFileName(folder)).Manifest;

    /// <summary>Rows without the last cells: why something was not asked is said in words, which may change.</summary>
    private static IEnumerable<string> WithoutReasons(string csv) =>
        csv.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select((line, row) => row == 0 ? line : string.Join(',', line.Split(',').Take(17)));

    /// <summary>The key of every row and this cell of it.</summary>
    private static IEnumerable<string> Column(string name, string csv)
    {
        string[][] rows = [.. csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(','))];
        int column = Array.IndexOf(rows[0], name);
        return rows.Select(row => $"{string.Join(',', row.Take(8))} {row[column]}");
    }

    private static IReadOnlyList<string> FieldsOf(string file) => Fields(File.ReadAllText(file));

    /// <summary>Fields that later versions have added: who reads today's files knows them from no earlier one.</summary>
    private static readonly string[] AddedSince = ["others_share", "own_waits"];

    /// <summary>Every field of then with its way from the root, as in <c>manifest.machine.cpu</c>; the keys of facts and settings
    /// are not fields.</summary>
    private static IReadOnlyList<string> Fields(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        List<string> found = [];
        Collect(document.RootElement, "");
        string[] keyed = ["facts.", "settings."];
        return [.. found.Distinct().Where(path => !keyed.Any(key => path.Contains(key, StringComparison.Ordinal))
            && !AddedSince.Any(name => path.EndsWith($".{name}", StringComparison.Ordinal)))];

        void Collect(JsonElement element, string path)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (JsonProperty field in element.EnumerateObject())
                    {
                        Collect(field.Value, path.Length == 0 ? field.Name : $"{path}.{field.Name}");
                    }
                    break;
                case JsonValueKind.Array:
                    foreach (JsonElement item in element.EnumerateArray()) Collect(item, $"{path}[]");
                    if (element.GetArrayLength() == 0) found.Add($"{path}[]");
                    break;
                default:
                    found.Add(path);
                    break;
            }
        }
    }

    private string In(params string[] parts) => Path.Combine([_temporary.Path, .. parts]);
}
