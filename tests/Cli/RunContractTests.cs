using System.Text.Json;
using Lab.Application.Catalogue;
using Lab.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What scripts and people rely on when a run goes well.</summary>
public sealed class RunContractTests : IDisposable
{
    private const string SummaryHeader =
        "strategy,workload,mmu,run,metric,unit,count,min,mean,stddev,p50,p90,p99,p99_9,p99_99,max,rate_per_s";

    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("without a verb")]
    [InlineData("run")]
    public void A_run_prints_a_table_and_says_where_the_results_are(string verb)
    {
        LabExit lab =
            LabProcess.Run([.. verb == "run" ? new[] { verb } : [], .. _runs.Tiny("--strategy", "workqueue", "--seed", "7")]);

        Assert.Equal(0, lab.Code);
        Assert.All(lab.ErrorLines,
            line => Assert.Matches(@"^(note: |\[1/1\] memslot-churn workqueue run 1$|run folder: |report:     )", line));
        Assert.Contains("memslot-churn on radix: update", lab.Out);
        Assert.Contains("workqueue on memslot-churn on radix: clean", lab.Out);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal(RunState.Complete, run.State);
        Assert.Equal("7", run.Manifest.Settings["seed"]);
        Assert.Contains($"run folder: {run.Folder}", lab.ErrorLines);
        Assert.Contains($"report:     {Path.Combine(run.Folder, "report.html")}", lab.ErrorLines);
        Assert.DoesNotContain("run folder", lab.Out);
        Assert.All(
            ["manifest.json", "summary.csv", "histograms.csv", "timeline.csv", "counters.csv", "violations.json", "report.html"],
            file => Assert.True(File.Exists(Path.Combine(run.Folder, file)), file));
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(run.Folder, "figures"), "*.svg"));
        Assert.Empty(Directory.EnumerateFiles(run.Folder, "*.tmp"));
    }

    [Fact]
    public void Json_on_standard_output_is_the_manifest_the_summary_and_the_violations()
    {
        LabExit lab = LabHere.Run(_runs.Tiny("--format", "json", "--strategy", "mainline,workqueue"));

        using JsonDocument json = JsonDocument.Parse(lab.Out);
        JsonElement manifest = json.RootElement.GetProperty("manifest");
        Assert.Equal("mainline,workqueue", manifest.GetProperty("settings").GetProperty("strategy").GetString());
        Assert.Equal("lab", manifest.GetProperty("command_line")[0].GetString());
        Assert.Equal("complete", json.RootElement.GetProperty("state").GetString());
        Assert.Equal(2, manifest.GetProperty("measurements").GetArrayLength());
        Assert.Equal(0, json.RootElement.GetProperty("violations").GetArrayLength());
        Assert.All(json.RootElement.GetProperty("summary").EnumerateArray(),
            row => Assert.True(row.GetProperty("p50").GetDouble() > 0));
        Assert.Equal(0, lab.Code);
    }

    [Fact]
    public void Csv_on_standard_output_is_the_summary_under_its_agreed_header()
    {
        LabExit lab = LabHere.Run(_runs.Tiny("--format", "csv"));

        Assert.True(lab.Code == 0, lab.Error);
        string[] lines = lab.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(SummaryHeader, lines[0]);
        Assert.All(lines, line => Assert.Equal(SummaryHeader.Split(',').Length, line.Split(',').Length));
        Assert.Contains(lines, line => line.StartsWith("workqueue,memslot-churn,radix,1,update,ns,", StringComparison.Ordinal));
    }

    [Fact]
    public void Markdown_on_standard_output_is_a_table_per_metric_and_a_list_of_verdicts()
    {
        LabExit lab = LabHere.Run(_runs.Tiny("--format", "markdown"));

        string[] rows = [.. lab.Out.Split('\n').Where(line => line.StartsWith('|'))];
        Assert.Equal(["strategy", "count", "p50", "p99", "p99.9", "max"], rows[0].Trim('|').Split('|').Select(name =>
            name.Trim()));
        Assert.Contains("- workqueue on memslot-churn on radix: clean", lab.Out);
        Assert.Equal(0, lab.Code);
    }

    [Fact]
    public void All_is_every_sound_strategy_and_the_bounds_and_nothing_broken()
    {
        LabExit lab = LabHere.Run(_runs.Tiny("--strategy", "all", "--duration", "500ms", "--memory", "1MiB"));

        Assert.Equal(0, lab.Code);
        Assert.Equal(
            ["baseline", "defunct-flag", "mainline", "nothing-to-zap", "one-thread", "refcount2", "second-list",
                "second-list-shared", "slot-zap", "workqueue"],
            _runs.OpenOnly().Manifest.Measurements.Select(one => one.Strategy).Order());
    }

    [Theory]
    [InlineData("json")]
    [InlineData("table")]
    public void A_run_that_gave_no_sample_is_not_clean(string format)
    {
        LabExit lab = LabHere.Run(_runs.Tiny("--workload", "vmm-trace", "--trace",
            RunsFolder.TraceOfNothing(_runs.Beside("nothing.txt")), "--format", format, "--warmup", "300ms",
            "--duration", "100ms", "--memory", "1MiB"));

        Assert.Equal(5, lab.Code);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal((RunState.Complete, Verdict.Unmeasured),
            (run.State, Assert.Single(run.Manifest.Measurements).Verdict));
        Assert.DoesNotContain("clean", lab.Out);
        Assert.Contains(format == "json" ? $"\"verdict\": {(int)Verdict.Unmeasured}," : "radix: nothing was measured: ", lab.Out);
        Assert.Contains("Nothing was measured.", File.ReadAllText(Path.Combine(run.Folder, "report.html")));
        Assert.Equal(0, LabHere.Run("report", "latest", "--out", _runs.Path).Code);
    }

    [Fact]
    public void List_shows_every_kind_of_name_and_marks_what_is_broken()
    {
        string all = LabHere.Run("list").Out;
        Assert.All(["strategies", "workqueue", "workloads", "memslot-churn", "mmus", "radix"],
            name => Assert.Contains(name, all));
        string[] lines = all.TrimEnd().Split('\n');
        Assert.InRange(lines.Length, 24, 40);
        LabCatalogue catalogue = new();
        Assert.All(catalogue.Strategies.Where(one => !one.IsBroken).Select(one => one.Name)
            .Concat(catalogue.Workloads.Select(one => one.Name)), name =>
                Assert.Single(lines, line => line.StartsWith($"{name} ", StringComparison.Ordinal)));
        Assert.Matches("BROKEN[^:]*: [^:]*async-put", all);
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));

        string strategies = LabHere.Run("list", "strategies").Out;
        Assert.Matches("async-put +BROKEN", strategies);
        Assert.DoesNotContain("memslot-churn  ", strategies);
        Assert.Contains("vm-destroy", LabHere.Run("list", "workloads").Out);
        Assert.StartsWith("mmus", LabHere.Run("list", "mmus").Out);
    }

    [Fact]
    public void Runs_are_listed_and_reported_by_latest_and_by_the_beginning_of_their_name()
    {
        Assert.Contains("no runs in", LabHere.Run("list", "runs", "--out", _runs.Path).Out);
        LabExit measured = LabHere.Run(_runs.Tiny());
        Assert.True(measured.Code == 0, measured.Error);
        RunRecord run = _runs.OpenOnly();
        string report = Path.Combine(run.Folder, "report.html");

        Assert.StartsWith($"{run.Manifest.Id}  complete", LabHere.Run("list", "runs", "--out", _runs.Path).Out);
        foreach (string name in (string[])["latest", run.Manifest.Id[..18], run.Folder])
        {
            File.Delete(report);
            LabExit lab = LabHere.Run("report", name, "--out", _runs.Path);
            Assert.Equal((0, $"report: {report}\n"), (lab.Code, lab.Error));
            Assert.Contains("workqueue on memslot-churn on radix: clean", lab.Out);
            Assert.True(File.Exists(report));
        }
        Assert.StartsWith(SummaryHeader, LabHere.Run("report", "latest", "--format", "csv", "--out", _runs.Path).Out);
    }
}
