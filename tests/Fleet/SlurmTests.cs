using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Lab.Results.Comparisons;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Fleet;

/// <summary>Plans handed to a cluster of four nodes on this machine's loopback, which the tests start and end by
/// <c>slurm.sh</c>. Where Slurm is not installed that script says so, and so does the lab.</summary>
public sealed class SlurmTests : IDisposable
{
    private static readonly string[] Long = ["--program", "fib", "--size", "5"];
    private static readonly string[] Broken = ["--program", "peterson", "--size", "2", "--model", "tso"];
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);
    private readonly FleetPlans _plans = new();
    private readonly string _cluster = Directory.CreateTempSubdirectory("slurm").FullName;

    private static string Script => Path.Combine(LabProcess.Checkout, "tests", "Fleet", "slurm.sh");

    private static bool IsInstalled => File.Exists("/usr/sbin/slurmctld") && File.Exists("/usr/sbin/munged");

    public void Dispose()
    {
        if (IsInstalled) Slurm("stop");
        _plans.Dispose();
        Directory.Delete(_cluster, recursive: true);
    }

    [Fact]
    public void Whatever_happens_to_workers_nodes_and_the_controller_all_is_counted_once()
    {
        if (!Starts(nodes: 4)) return;
        string one = _plans.Plan("one", ["explore", .. Long, "--shards", "64"]);
        string two = _plans.Plan("two", ["explore", .. Broken, "--shards", "16"]);
        Submit(one);
        Submit(two);
        Await(() => Done(one) >= 4, "the first units");

        Kill("-KILL", Worker(one));
        LabExit twice = FleetPlans.Work(one, "60");
        Assert.Equal(0, twice.Code);
        LabExit full = LabProcess.RunIn("trap '' XFSZ; ulimit -f 0; exec \"$@\"", "fleet", "work", one, "62");
        Assert.True(full.Code == 2 || full.Error.Contains("is done already"), full.Error);
        string stopped = Pid("n3");
        Kill("-STOP", stopped);
        Kill("-KILL", Pid("n2"));
        Slurm("controller");
        // As long as a node may be silent before it is given up, and as long again.
        Assert.True(SpinWait.SpinUntil(() => Ask("sinfo", "--noheader", "--Node", "--nodes=n2", "--format=%T")
            .StartsWith("down", StringComparison.Ordinal), Limit), Ask("sinfo", "--Node"));
        Kill("-CONT", stopped);
        Slurm("node", "n2");

        Await(() => Ask("squeue", "--noheader").Length == 0, "the queue's end");
        // The killed worker's unit has failed for Slurm; nobody has an answer, so it is handed out again.
        Submit(one, "--wait");
        Submit(two, "--wait");
        FleetPlans.AssertIsWhole(one, Long);
        FleetPlans.AssertIsWhole(two, Broken);
    }

    /// <summary>Killed, it forgets what it started last, starts it again, and sets nodes aside that have it still.</summary>
    [Fact]
    public void A_controller_that_was_killed_loses_nothing_and_nothing_counts_twice()
    {
        if (!Starts(nodes: 2)) return;
        string plan = _plans.Plan("plan", ["explore", .. Broken, "--shards", "12"]);
        Submit(plan);
        Await(() => Done(plan) >= 2, "the first units");
        Kill("-KILL", Pid("slurmctld"));
        Slurm("controller");
        Await(() =>
        {
            Slurm("recover");
            return Ask("squeue", "--noheader").Length == 0;
        }, "the queue's end");
        Submit(plan, "--wait");
        FleetPlans.AssertIsWhole(plan, Broken);
    }

    /// <summary>States of parts that were explored on different nodes are one set.</summary>
    [Fact]
    public void Parts_of_a_strategys_search_go_through_the_scheduler()
    {
        if (!Starts(nodes: 2)) return;
        string what = "--strategy mainline --scenario fast-zap-put --model tso";
        string plan = _plans.Plan("plan", ["explore", .. what.Split(' '), "--shards", "8"]);
        Submit(plan, "--wait");
        FleetPlans.AssertIsTheSearch(plan, what, 0);
    }

    [Fact]
    public void A_comparison_through_one_node_is_a_comparison()
    {
        if (!Starts(nodes: 1)) return;
        string plan = _plans.Plan("plan", "compare", "mainline", "workqueue", "--blocks", "10", "--unfit", "--duration", "50ms",
            "--warmup", "20ms", "--memory", "1MiB", "--watch", "off");
        Submit(plan, "--wait");
        string root = Path.Combine(_plans.Root, "out");
        LabExit gathered = LabProcess.Run("fleet", "gather", plan, "--out", root, "--format", "csv");
        Assert.True(gathered.Code is 0 or 5, gathered.Error);
        ComparisonFolder folder = ComparisonFolder.Open(Assert.Single(Directory.EnumerateDirectories(root)));
        Assert.Equal(10, folder.Manifest.Blocks.Count);
        Assert.Equal(0, LabProcess.Run("report", folder.Path).Code);
        LabExit resumed = LabProcess.Run("compare", "--resume", folder.Path, "--blocks", "11");
        Assert.True(resumed.Code is 0 or 5, resumed.Error);

        // From the end of a unit to the beginning of the next: the scheduler's part, and the start of the program.
        JsonNode[] units = [.. Enumerable.Range(1, 10).Select(unit => JsonNode.Parse(File.ReadAllText(
            Path.Combine(plan, "units", unit.ToString("0000", CultureInfo.InvariantCulture), "result.json")))!)];
        Assert.All(units, unit => Assert.Matches("^[0-9]+_[0-9]+$", (string)unit["job"]!));
        DateTimeOffset[] started = [.. units.Select(unit => (DateTimeOffset)unit["started_utc"]!).Order()];
        DateTimeOffset[] ended = [.. units.Select(unit => (DateTimeOffset)unit["finished_utc"]!).Order()];
        double[] between = [.. started.Skip(1).Zip(ended, (next, end) => (next - end).TotalSeconds).Order()];
        Assert.True(between[between.Length / 2] <= 2, string.Join(", ", between));
    }

    /// <summary>False where there is no Slurm, which has been asserted then.</summary>
    private bool Starts(int nodes)
    {
        (int code, string said) = Run("bash", Script, "start", _cluster, $"{nodes}");
        if (IsInstalled)
        {
            Assert.True(code == 0, said);
            return true;
        }
        Assert.Equal(1, code);
        Assert.Contains("install Debian's slurm-wlm", said);
        string plan = _plans.Plan("plan", ["explore", .. Broken, "--shards", "2"]);
        LabExit refused = LabProcess.Run("fleet", "submit", plan, "--engine", "slurm");
        Assert.Equal(2, refused.Code);
        Assert.Contains("use --engine local", refused.Error);
        return false;
    }

    private void Submit(string plan, params string[] further)
    {
        LabExit exit = LabProcess.RunIn($"export SLURM_CONF={_cluster}/slurm.conf; exec \"$@\"",
            ["fleet", "submit", plan, "--engine", "slurm", .. further]);
        Assert.True(exit.Code == 0, exit.Error);
    }

    private static int Done(string plan) => Directory.EnumerateDirectories(Path.Combine(plan, "units"))
        .Count(folder => !Path.GetFileName(folder).Contains('.', StringComparison.Ordinal));

    /// <summary>The process of a unit that is being done.</summary>
    private static string Worker(string plan)
    {
        string pid = "";
        Assert.True(SpinWait.SpinUntil(() =>
        {
            try
            {
                pid = Directory.EnumerateFiles(plan, "claim.json", SearchOption.AllDirectories)
                    .Select(file => JsonNode.Parse(File.ReadAllText(file))!["process"]!["pid"]!.ToString()).FirstOrDefault("");
            }
            catch (Exception gone) when (gone is IOException or System.Text.Json.JsonException)
            {
                // It has just ended.
            }
            return pid.Length > 0;
        }, Limit));
        return pid;
    }

    private string Pid(string node) => File.ReadAllText(Path.Combine(_cluster, $"{node}.pid")).Trim();

    private static void Kill(string signal, string pid) => Run("kill", signal, pid);

    private void Slurm(params string[] what)
    {
        (int code, string said) = Run("bash", [Script, what[0], _cluster, .. what[1..]]);
        Assert.True(code == 0, said);
    }

    private string Ask(params string[] command) =>
        Run("bash", ["-c", $"export SLURM_CONF={_cluster}/slurm.conf; exec \"$@\"", "bash", .. command]).Said.Trim();

    private void Await(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(condition, Limit),
            $"Waited in vain for {what}: {Ask("squeue")}\n{Ask("sinfo", "--list-reasons")}");

    private static (int Code, string Said) Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments)
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult() + error.GetAwaiter().GetResult());
    }
}
