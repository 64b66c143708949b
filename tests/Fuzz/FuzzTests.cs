using System.Globalization;
using System.Text;
using Lab.Application.Settings;
using Lab.Results.HdrLog;
using Lab.Settings;
using Lab.Tests.Cli;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Fuzz;

/// <summary>Spoilt inputs of every kind from fixed seeds, through the verbs in this process. Each is taken or refused: with an
/// exit code that is documented and never 1, no exception's text, one sentence that names the file; and what is plainly senseless
/// is never taken. <c>LAB_FUZZ=15000</c> tries so many instead of a sample.</summary>
public sealed class FuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int SampleSize = 1500;

    private static readonly int[] Documented = [0, 2, 3, 4, 5, 6, 7, 130];

    private static readonly string Fixtures = Path.Combine(LabProcess.Checkout, "tests", "Fixtures", "daf7b5a");

    private static readonly string Other = Path.Combine(Fixtures, "comparisons", "20261130T052227Z-16a71d", "runs");

    private readonly TemporaryFolder _temporary = new();

    private static double Scale =>
        double.Parse(Environment.GetEnvironmentVariable("LAB_FUZZ") ?? "1500", CultureInfo.InvariantCulture) / SampleSize;

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void Manifests()
    {
        string run = Copied("plain", "20261130T053006Z-56975e"), file = Path.Combine(run, "manifest.json");
        ForEach(220, file, (spoiler, good) => spoiler.Json(good), (spoiler, spoilt) =>
        {
            string[] arguments = spoiler.Next(6) switch
            {
                0 => ["list", "runs", "--out", In("plain")],
                1 => ["compare", In("plain"), $"{Other}@mainline"],
                2 => ["track", "add", run, "--history", In("new", $"{spoiler.Next(int.MaxValue)}.csv"), "--commit", "c1"],
                _ => ["report", run, "--format", "csv"],
            };
            LabExit lab = Checked(arguments, file);
            if (arguments[0] == "list") Assert.Equal(0, lab.Code);
            if (arguments[0] == "report" && lab.Code == 0) Assert.Null(Senseless.InJson(spoilt));
        });
    }

    [Theory]
    [InlineData("20261130T052024Z-99b05d", "summary.csv")]
    [InlineData("20261130T052024Z-99b05d", "histograms.csv")]
    [InlineData("20261130T053006Z-56975e", "timeline.csv")]
    [InlineData("20261130T053006Z-56975e", "counters.csv")]
    [InlineData("20261130T053006Z-56975e", "disturbances.csv")]
    [InlineData("20261130T053006Z-56975e", "undisturbed.csv")]
    [InlineData("20261130T053006Z-56975e", "tagged.csv")]
    [InlineData("20261130T053006Z-56975e", "kernel_events.csv")]
    public void Tables_of_a_run(string id, string table)
    {
        string run = Copied("plain", id), file = Path.Combine(run, table);
        if (!File.Exists(file))
        {
            File.WriteAllText(file, "strategy,workload,mmu,run,event,start_ms,length_ms,count\n"
                + "mainline,vm-destroy,radix,1,kvm_mmu_zap_all_fast,0,50,3\n"
                + "mainline,vm-destroy,radix,1,kvm_mmu_zap_all_fast,50,50,4\n");
        }
        bool isLarge = id.EndsWith("99b05d", StringComparison.Ordinal);
        ForEach(isLarge ? 45 : 75, file, (spoiler, good) => spoiler.Csv(good), (spoiler, spoilt) =>
        {
            LabExit lab = Checked(["report", run, "--format", spoiler.One(["csv", "json", "markdown", "table"])], file);
            if (Senseless.InTable(spoilt) is not { } senseless) return;
            Assert.Equal(2, lab.Code);
            Assert.Contains(", line ", lab.Error);
        });
    }

    [Fact]
    public void Violations()
    {
        string run = Copied("plain", "20261130T052211Z-b0ea2b"), file = Path.Combine(run, "violations.json");
        ForEach(60, file, (spoiler, good) => spoiler.Json(good), (spoiler, spoilt) =>
        {
            LabExit lab = Checked(["report", run], file);
            if (lab.Code == 0) Assert.Null(Senseless.InJson(spoilt));
        });
    }

    [Fact]
    public void Comparisons()
    {
        string folder = Copied("comparisons", "20261130T052227Z-16a71d"), file = Path.Combine(folder, "comparison.json");
        ForEach(100, file, (spoiler, good) => spoiler.Json(good), (spoiler, spoilt) =>
        {
            bool isList = spoiler.Next(3) == 0;
            LabExit lab = isList ? Checked(["list", "comparisons", "--out", In("comparisons")], file)
                : Checked(["report", folder, "--format", spoiler.One(["csv", "json", "markdown", "table"])], file);
            if (isList) Assert.Equal(0, lab.Code);
            else if (lab.Code == 0) Assert.Null(Senseless.InJson(spoilt));
        });
    }

    [Theory]
    [InlineData("history.csv")]
    [InlineData("acknowledged.csv")]
    public void Histories(string table)
    {
        string file = Path.Combine(Copied("history"), table);
        ForEach(100, file, (spoiler, good) => spoiler.Csv(good), (spoiler, spoilt) =>
        {
            string verb = spoiler.One(["show", "gate"]);
            LabExit lab = Checked(
                ["track", verb, "--history", In("history", "history.csv"), "--machine", "all", "--format", "json"], file);
            int column = table == "history.csv" ? 9 : -1;
            int negative = Encoding.UTF8.GetString(spoilt).Split('\n').Skip(1).Select(line => line.Split(','))
                .Count(cells => cells.Length == 12 && column >= 0 && cells[column].StartsWith("-1", StringComparison.Ordinal));
            if (negative > 0) Assert.Contains("left out", lab.Error);
        });
    }

    [Fact]
    public void Histogram_logs()
    {
        string file = In("log.hlog");
        File.WriteAllBytes(file, HdrLogTests.Written(HdrLogFile.Of("lab", DateTimeOffset.UnixEpoch,
            [HdrInterval.Of("a", 0, 1, HdrLogTests.Histogram((5, 3), (70_000, 2))),
                HdrInterval.Of(null, 1, 1, HdrLogTests.Histogram((1, 1)))])));
        ForEach(150, file, (spoiler, good) => spoiler.Next(2) == 0 ? spoiler.Bytes(good) : spoiler.Csv(good),
            (spoiler, _) => Checked(["report", file, "--format", spoiler.One(["csv", "json", "markdown", "table"])], file));
    }

    [Fact]
    public void Scenarios()
    {
        string file = In("spoilt.scenario");
        File.WriteAllText(file, "# A story.\nparam vcpus = 1\nslot churn 0 + 4\nslot data 8 + {vcpus*2} absent\n"
            + "before vcpu0: touch 0..3\nthread zapper: delete churn, repeat 2: create data\n"
            + "threads vcpu0..vcpu{vcpus-1}: write {n}, reload, switch smm, unload\nend destroy\n");
        ForEach(120, file, (spoiler, good) => spoiler.Next(2) == 0 ? spoiler.Bytes(good) : Words(spoiler, good),
            (_, _) => Checked(
                ["explore", "--strategy", "mainline", "--scenario", file, "--budget", "1ms", "--format", "json"], file));
    }

    [Fact]
    public void Traces()
    {
        string file = In("trace.txt");
        File.WriteAllText(file, "# by hand\n1 100.5 Slot#0 flags=0x0 gpa=0x0 size=0x1000000 ret=0\n"
            + "1 101.0 Slot#1 flags=0x1 gpa=0x1000000 size=0x1000 ret=0\n1 101.5 Slot#1 flags=0x0 gpa=0x0 size=0x0 ret=0\n");
        ForEach(120, file, (spoiler, good) => spoiler.Next(2) == 0 ? spoiler.Bytes(good) : Words(spoiler, good), (_, _) =>
            Refused(() => RunRequest.Read(["--workload", "vmm-trace", "--trace", file]), "trace.txt"));
    }

    [Fact]
    public void Annotated_series()
    {
        string file = In("annotations.json"), series = In("step.json");
        File.WriteAllText(series, $$"""{"series": [{"raw": [{{string.Join(", ", Enumerable.Repeat("5.5", 30))}}, null, 7]}]}""");
        File.WriteAllText(file, """{"step": {"6": [4], "7": [9, 20]}, "absent": {"6": []}}""");
        foreach (string one in (string[])[file, series])
        {
            ForEach(50, one, (spoiler, good) => spoiler.Json(good), (_, _) => Checked(["track", "score", _temporary.Path], null));
        }
    }

    [Fact]
    public void Settings_of_a_run()
    {
        string[][] good =
        [
            ["--vcpus", "2", "--memory", "4MiB", "--pages", "4KiB", "--duration", "300ms", "--warmup", "20ms", "--rate", "200/s"],
            ["--strategy", "mainline,workqueue", "--workload", "memslot-churn", "--mmu", "radix", "--operation", "mix",
                "--slots", "4"],
            ["--pause", "fast-zap=200us", "--yield", "after:3", "--grace", "1ms", "--quiet", "pin,idle", "--turns", "50ms"],
        ];
        ForEach(250, null, (spoiler, _) => [], (spoiler, _) =>
        {
            string[] words = [.. spoiler.One(good)];
            int at = spoiler.Next(words.Length);
            words[at] = spoiler.Word(words[at]);
            if (Refused(() => RunRequest.Read(words), "") is not { } request) return;
            IReadOnlyDictionary<string, string> said = request.Values.Describe(RunSettings.All);
            string[] again = [.. said.Where(one => one.Value.Length > 0 && one.Value != "none" && one.Value != "closed loop")
                .SelectMany(one => new[] { $"--{one.Key}", one.Value })];
            Assert.Equal(said, RunRequest.Read(again).Values.Describe(RunSettings.All));
        });
    }

    [Fact]
    public void Replay_strings_and_options()
    {
        string[] replays = [.. File.ReadLines(Path.Combine(Fixtures, "expected", "replays.txt"))
            .Select(line => line.Split(' ')[1])];
        string[][] commands =
        [
            ["list", "strategies"], ["report", "latest", "--format", "csv", "--out", "none"],
            ["compare", "none", "mainline", "--threshold", "2%", "--blocks", "x"], ["track", "show", "--history", "none.csv"],
            ["explore", "--strategy", "mainline", "--scenario", "fast-zap-unmap", "--budget", "0s"],
        ];
        ForEach(160, null, (spoiler, _) => [], (spoiler, _) =>
        {
            if (spoiler.Next(2) == 0)
            {
                Checked(["explore", "--replay", spoiler.Word(spoiler.One(replays)), "--format", "json"], null);
                return;
            }
            string[] words = [.. spoiler.One(commands)];
            int at = 1 + spoiler.Next(words.Length - 1);
            words[at] = spoiler.Word(words[at]);
            Checked(words, null);
        });
    }

    private static byte[] Words(Spoiler spoiler, byte[] good)
    {
        string[] words = Encoding.UTF8.GetString(good).Split(' ');
        int at = spoiler.Next(words.Length);
        words[at] = spoiler.Next(2) == 0 ? spoiler.Cell() : spoiler.Word(words[at]);
        return Encoding.UTF8.GetBytes(string.Join(' ', words));
    }

    /// <summary>So many seeds of this kind; the file is as good as before when it returns.</summary>
    private void ForEach(int count, string? file, Func<Spoiler, byte[], byte[]> spoil, Action<Spoiler, byte[]> look)
    {
        byte[] good = file is null ? [] : File.ReadAllBytes(file);
        List<string> failures = [];
        int seeds = (int)(count * Scale);
        for (int seed = 0; seed < seeds; seed++)
        {
            Spoiler spoiler = new(seed);
            byte[] spoilt = spoil(spoiler, good);
            if (file is not null) File.WriteAllBytes(file, spoilt);
            try
            {
                look(spoiler, spoilt);
            }
            catch (Exception failure)
            {
                failures.Add($"seed {seed}: {failure.Message.Split("\n   at ")[0]}");
            }
        }
        if (file is not null) File.WriteAllBytes(file, good);
        output.WriteLine($"{seeds} tried, {failures.Count} failed");
        Assert.True(failures.Count == 0, $"{failures.Count} of {seeds}:\n{string.Join('\n', failures.Take(12))}");
    }

    private static LabExit Checked(string[] arguments, string? file)
    {
        LabExit lab = LabHere.Run(arguments);
        string said = $"lab {string.Join(' ', arguments)}: exit {lab.Code}\n{lab.Error}";
        Assert.True(Documented.Contains(lab.Code), said);
        foreach (string unwanted in (string[])["internal error", "   at ", "(Parameter", "Exception", "System."])
        {
            Assert.False(lab.Error.Contains(unwanted, StringComparison.Ordinal), said);
        }
        string[] complaints = [.. lab.ErrorLines.Where(line => line.StartsWith("lab: ", StringComparison.Ordinal))];
        if (lab.Code == 2) Assert.True(complaints.Length == 1, said);
        if (lab.Code == 2 && file is not null) Assert.True(lab.Error.Contains(Path.GetFileNameWithoutExtension(file)), said);
        return lab;
    }

    /// <summary>What it makes; null if it refuses, which it does with a sentence.</summary>
    private static T? Refused<T>(Func<T> make, string names) where T : class
    {
        try
        {
            return make();
        }
        catch (UsageException refusal)
        {
            Assert.Contains(names, refusal.Message);
            Assert.DoesNotContain("(Parameter", refusal.Message);
            return null;
        }
    }

    private string Copied(params string[] folder)
    {
        string from = Path.Combine([Fixtures, .. folder]);
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(_temporary.Path, Path.GetRelativePath(Fixtures, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        return Path.Combine([_temporary.Path, .. folder]);
    }

    private string In(params string[] parts) => Path.Combine([_temporary.Path, .. parts]);
}
